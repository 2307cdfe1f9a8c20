import { SrsServer } from '../app/index.js';
import { loadConfig } from '../config/index.js';
import { acquirePidFile, openLog, version } from '../kernel/index.js';
import { daemonize, isDaemonChild, reportToParent } from './daemon.js';

/** Runs the server until a signal ends it. @returns the exit code. @throws {SrsError} when it can not start. */
export async function run(file: string): Promise<number> {
  // Without a handler SIGUSR1 would open Node's inspector port; the log is reopened once there is one.
  let reopen = () => {};
  process.on('SIGUSR1', () => reopen());

  const { config, warnings } = loadConfig(file);
  if (config.daemon && !isDaemonChild()) return daemonize();
  const output = openLog(config.log);
  const { log } = output;
  reopen = () => output.reopen();
  for (const warning of warnings) log.warn(warning);

  const pidFile = acquirePidFile(config.pid);
  const server = new SrsServer(config, log);
  try {
    process.on('uncaughtException', (err) => log.error({ err }, 'internal error; the server goes on'));
    process.on('unhandledRejection', (err) => log.error({ err }, 'internal error; the server goes on'));
    process.on('SIGHUP', () => log.warn('this version does not reload; restart to apply a changed configuration'));
    await server.start(new AbortController().signal);
    log.info({ version, node: process.version, config: file }, 'srs is running');
    reportToParent();
    const signal = await endSignal();
    log.info({ signal }, 'stopping');
    await server.stop();
    log.info('stopped');
    return 0;
  } finally {
    pidFile.release();
    output.flush();
  }
}

/** Resolves at the first SIGTERM or SIGINT; a second one ends the process at once. */
function endSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.once(signal, () => {
        for (const again of ['SIGTERM', 'SIGINT'] as const) process.on(again, () => process.exit(1));
        resolve(signal);
      });
    }
  });
}
