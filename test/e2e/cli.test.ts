import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { freePort } from '../support/free-port.js';
import { RawPeer } from '../support/raw-peer.js';
import { background, run, until } from '../support/run.js';
import { startSrs } from '../support/srs.js';
import { publish, record, times } from '../support/streams.js';
import { feed } from '../support/synthetic.js';

const program = join(import.meta.dirname, '../../dist/srs.mjs');
const dir = mkdtempSync(join(tmpdir(), 'srs-cli-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const srs = (...args: string[]) => run(process.execPath, [program, ...args], { cwd: dir });
const conf = (name: string, text: string): string => {
  const file = join(dir, name);
  writeFileSync(file, text);
  return file;
};
const full = (port: number, more = '') =>
  `listen ${port}; pid ${dir}/${port}.pid; srs_log_tank console; ${more} vhost __defaultVhost__ { }`;

describe('command line', () => {
  test('-v, -h', async () => {
    const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8'));
    expect((await srs('-v')).stdout.trim()).toBe(version);
    expect((await srs('-h')).stdout).toContain('--config');
  });

  test.each([
    [[], 'a file is needed: srs -c FILE, or srs -h for help'],
    [['-t'], 'a file is needed: srs -t -c FILE'],
    [['x.conf'], 'there is no command "x.conf"; a configuration file is given with -c: srs -c x.conf'],
    [['-t', 'x.conf'], 'there is no command "x.conf"; a configuration file is given with -c: srs -t -c x.conf'],
  ])('%j without -c FILE: one line that names it, and no success for a script', async (args, says) => {
    expect(await srs(...args)).toMatchObject({ code: 1, stdout: '', stderr: `${says}\n` });
  });

  test('a command does not take a word too many either', async () => {
    const file = conf('stray.conf', full(1935));
    expect((await srs('config', 'dump', '-c', file)).code).toBe(0);
    expect((await srs('config', 'dump', '-c', file, 'stray')).code).toBe(1);
  });

  test('-t: valid, and invalid with file, line and column', async () => {
    expect((await srs('-t', '-c', conf('good.conf', full(1935)))).code).toBe(0);
    const bad = await srs('-t', '-c', conf('bad.conf', 'listen 1935;\nvhost a {\n  gop_cach on;\n}\n'));
    expect(bad.code).not.toBe(0);
    expect(bad.stderr).toMatch(/bad\.conf:3:3: .*gop_cach.*gop_cache/);
    expect(bad.stderr).not.toMatch(/\n\s+at /);
  });

  test.each([
    ['an unreadable config', () => ['-c', join(dir, 'nowhere.conf')], /nowhere\.conf/],
    [
      'a pid file that cannot be written',
      () => [
        '-c',
        conf(
          'pid.conf',
          `listen 65533; srs_log_tank console; pid ${conf('a-file', '')}/srs.pid; vhost __defaultVhost__ { }`,
        ),
      ],
      /pid/i,
    ],
  ])('%s: one clear line, no stack', async (_, args, says) => {
    const end = await srs(...args());
    expect(end.code).not.toBe(0);
    expect(end.stderr).toMatch(says);
    expect(end.stderr.trim().split('\n')).toHaveLength(1);
  });

  test('a busy port: one clear line on stderr', async () => {
    const other = createServer();
    await new Promise<void>((done) => other.listen(0, '0.0.0.0', () => done()));
    const port = (other.address() as { port: number }).port;
    const end = await srs('-c', conf('busy.conf', full(port)));
    other.close();
    expect(end.code).not.toBe(0);
    expect(end.stderr.trim()).toMatch(new RegExp(`cannot listen on 0\\.0\\.0\\.0:${port}: the port is in use`));
    expect(end.stderr.trim().split('\n')).toHaveLength(1);
  });

  test('busy ports of several blocks are all named', async () => {
    const others = [createServer(), createServer(), createServer()];
    const ports: number[] = [];
    for (const other of others) {
      await new Promise<void>((done) => other.listen(0, '0.0.0.0', () => done()));
      ports.push((other.address() as { port: number }).port);
    }
    const [one, two, http] = ports;
    const text = `listen ${one} ${await freePort()} ${two}; http_server { enabled on; listen ${http}; } pid ${dir}/busy.pid; vhost a { }`;
    const end = await srs('-c', conf('all-busy.conf', text));
    for (const other of others) other.close();
    expect(end.code).toBe(1);
    expect(end.stderr.trim().split('\n')).toEqual(
      ports.map((port) => `cannot listen on 0.0.0.0:${port}: the port is in use by another process`),
    );
  });

  test('a second server with the same pid file is refused, the first goes on', async () => {
    const port = await freePort();
    const file = conf('twice.conf', full(port));
    const first = background(process.execPath, [program, '-c', file]);
    await until('the first runs', () => first.log().includes('srs is running'));
    expect(readFileSync(`${dir}/${port}.pid`, 'utf8').split('\n')[0]).toBe(String(first.pid));
    const second = await srs('-c', file);
    expect(second.code).not.toBe(0);
    expect(second.stderr).toMatch(/already running/);
    first.signal('SIGTERM');
    expect((await first.ended).code).toBe(0);
  });

  test('a log file: a terminal is told of it in one line, others hear nothing', async () => {
    const port = await freePort();
    const file = conf('quiet.conf', `listen ${port}; pid ${dir}/quiet.pid; srs_log_file ${dir}/quiet.log; vhost a { }`);
    const runs = () =>
      existsSync(`${dir}/quiet.log`) && readFileSync(`${dir}/quiet.log`, 'utf8').includes('is running');
    const start = async (command: string, ...args: string[]) => {
      rmSync(`${dir}/quiet.log`, { force: true });
      const server = background(command, args);
      await until('it runs', runs);
      process.kill(Number(readFileSync(`${dir}/quiet.pid`, 'utf8').split('\n')[0]), 'SIGTERM');
      await server.ended;
      return server.log().trim();
    };
    expect(await start('script', '-qefc', `${process.execPath} ${program} -c ${file}`, '/dev/null')).toBe(
      `logging to ${dir}/quiet.log`,
    );
    expect(await start(process.execPath, program, '-c', file)).toBe('');
  });

  test('several addresses, IPv6 among them', async () => {
    const two = await startSrs({
      config:
        'listen PORT 127.0.0.1:OTHER_PORT [::1]:SIX_PORT; pid DIR/srs.pid; srs_log_tank console; vhost __defaultVhost__ { }',
    });
    const publisher = await publish(`rtmp://127.0.0.1:${two.ports.OTHER_PORT}/live/s`);
    const player = await record(`rtmp://[::1]:${two.ports.SIX_PORT}/live/s`);
    await feed(publisher, { frames: 5 });
    await player.until('frames', () => times(player.media(), 'video').length === 5);
    expect((await two.stop()).code).toBe(0);
  });
});

describe('stopping', () => {
  test.each(['SIGTERM', 'SIGINT'] as const)('%s: players get their last bytes, exit 0', async (signal) => {
    const server = await startSrs({
      config: 'listen PORT; pid DIR/srs.pid; srs_log_tank console; vhost __defaultVhost__ { mw_latency 2000; }',
    });
    const url = server.url('live', 's');
    const publisher = await RawPeer.connected(server.port);
    publisher.say('publish', 's', 'live');
    await publisher.said('onStatus NetStream.Publish.Start');
    const player = await record(url);
    await feed({ send: (message) => publisher.media(message) }, { frames: 20 });
    await publisher.handled();
    server.signal(signal);
    await until('the player is closed', player.closed);
    expect(times(player.media(), 'video')).toHaveLength(20);
    expect((await server.ended).code).toBe(0); // not stop(): a second signal would end it at once
  });
});

describe('daemon on', () => {
  test('detaches once it serves, and its pid file names it', async () => {
    const port = await freePort();
    const text = `listen ${port}; daemon on; pid ${dir}/d.pid; srs_log_tank file; srs_log_file ${dir}/d.log; vhost __defaultVhost__ { }`;
    expect((await srs('-c', conf('daemon.conf', text))).code).toBe(0);
    const pid = Number(readFileSync(`${dir}/d.pid`, 'utf8').split('\n')[0]);
    const publisher = await publish(`rtmp://127.0.0.1:${port}/live/s`);
    publisher.close();
    process.kill(pid, 'SIGTERM');
    await until('it has ended', () => !existsSync(`${dir}/d.pid`));
    expect(readFileSync(`${dir}/d.log`, 'utf8')).toContain('"msg":"stopped"');
  });

  test('a daemon that logs to the console is warned of before it leaves the terminal', async () => {
    const port = await freePort();
    const end = await srs('-c', conf('daemon-console.conf', `daemon on; ${full(port)}`));
    process.kill(Number(readFileSync(`${dir}/${port}.pid`, 'utf8').split('\n')[0]), 'SIGTERM');
    expect(end.stderr).toMatch(/^warning: .*daemon-console\.conf:1:\d+: with daemon on .* all log lines are lost/);
    await until('it has ended', () => !existsSync(`${dir}/${port}.pid`));
  });

  test('a daemon that cannot start says why', async () => {
    const other = createServer();
    await new Promise<void>((done) => other.listen(0, '0.0.0.0', () => done()));
    const port = (other.address() as { port: number }).port;
    const end = await srs('-c', conf('daemon-busy.conf', `daemon on; ${full(port)}`));
    other.close();
    expect(end.code).toBe(1);
    expect(end.stderr).toContain('the port is in use');
  });
});
