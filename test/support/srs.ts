import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port.js';
import { background, type Finished, until } from './run.js';

const built = [process.execPath, join(import.meta.dirname, '../../dist/srs.mjs')] as const;

export interface SrsOptions {
  /**
   * The configuration. `PORT` and each further word that ends in `_PORT` becomes a free port, `DIR` a directory that
   * lives as long as the server.
   */
  config?: string;
  /** Ports that are already chosen, by word: for a server that comes back where another one was. */
  ports?: Readonly<Record<string, number>>;
  /** What `DIR` becomes; such a directory is the caller's to remove. */
  dir?: string;
  env?: NodeJS.ProcessEnv;
  /** The program and what comes before its arguments; by default the one that was built here. */
  program?: readonly [string, ...string[]];
}

export interface Srs {
  readonly pid: number;
  /** What `PORT` became. */
  readonly port: number;
  /** What every port word became, by word. */
  readonly ports: Readonly<Record<string, number>>;
  /** What `DIR` became. */
  readonly dir: string;
  /** The configuration file as written: to be rewritten before a SIGHUP. */
  readonly configFile: string;
  /** `rtmp://127.0.0.1:PORT/app/stream` */
  url(app: string, stream: string): string;
  /** Everything the server wrote so far. */
  log(): string;
  signal(name: NodeJS.Signals): void;
  /** How it ended; it must have been told to. */
  readonly ended: Promise<Finished>;
  /** SIGTERM; resolves with how it ended. */
  stop(): Promise<Finished>;
  /** SIGKILL, as a crash. */
  kill9(): Promise<Finished>;
}

const plain = `
listen PORT;
daemon off;
pid DIR/srs.pid;
srs_log_tank console;
vhost __defaultVhost__ {
}
`;

export const accepts = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('error', () => resolve(false));
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
  });

/**
 * Whether every listener is open: RTMP's is before that of HTTP. A server that logs to the console is taken at its word,
 * since a connection counts: it would take a place of `max_connections`.
 */
async function serves(config: string, log: string, ports: readonly number[]): Promise<boolean> {
  if (/srs_log_tank\s+console/.test(config)) return log.includes('"srs is running"');
  for (const port of ports) if (!(await accepts(port))) return false;
  return true;
}

/** Starts the built server on free ports. Ended after the test (or, started in `beforeAll`, after the file). */
export async function startSrs(options: SrsOptions = {}): Promise<Srs> {
  const dir = options.dir ?? (await mkdtemp(join(tmpdir(), 'srs-e2e-')));
  const text = options.config ?? plain;
  const ports: Record<string, number> = { ...options.ports };
  for (const word of new Set(text.match(/\b([A-Z]+_)?PORT\b/g))) ports[word] ??= await freePort();
  const filled = text.replaceAll(/\b(?:[A-Z]+_)?PORT\b/g, (word) => `${ports[word]}`).replaceAll(/\bDIR\b/g, dir);
  const configFile = join(dir, 'srs.conf');
  await writeFile(configFile, filled);

  const [command, ...before] = options.program ?? built;
  const server = background(command, [...before, '-c', configFile], {
    cwd: dir,
    env: { ...process.env, ...options.env },
  });
  const cleanUp = async () => {
    if (options.dir === undefined) await rm(dir, { recursive: true, force: true, maxRetries: 5 }); // its programs may still write
  };
  const ended = server.ended.finally(cleanUp);
  let dead: Finished | undefined;
  ended.then(
    (end) => (dead = end),
    () => undefined,
  );

  const port = ports.PORT ?? Object.values(ports)[0];
  if (port === undefined) throw new Error('the configuration names no PORT');
  try {
    await until('srs listens', () => dead !== undefined || serves(filled, server.log(), Object.values(ports)));
  } catch (cause) {
    throw new Error(`srs does not serve on ${port}; it wrote:\n${server.log()}`, { cause });
  }
  if (dead !== undefined) throw new Error(`srs ended with ${dead.code ?? dead.signal}; it wrote:\n${server.log()}`);

  return {
    pid: server.pid,
    port,
    ports,
    dir,
    configFile,
    url: (app, stream) => `rtmp://127.0.0.1:${port}/${app}/${stream}`,
    log: server.log,
    signal: server.signal,
    ended,
    stop: () => {
      server.signal('SIGTERM');
      return ended;
    },
    kill9: () => {
      server.signal('SIGKILL');
      return ended;
    },
  };
}
