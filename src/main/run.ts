import { SrsServer } from '../app/index.js';
import { type LoadedConfig, loadConfig } from '../config/index.js';
import { secondsToMs } from '../core/index.js';
import { acquirePidFile, openLog, version } from '../kernel/index.js';
import { missingPrograms } from './check-files.js';
import { daemonize, isDaemonChild, reportToParent } from './daemon.js';
import { endWithParent, enterWorkDir, keepYoungHeapSmall } from './own-process.js';
import { logPart, PidPart, WatchPart } from './reload-parts.js';
import { endSignal } from './signals.js';

/** Runs the server until a signal ends it. @returns the exit code. @throws {SrsError} when it cannot start. */
export async function run(file: string): Promise<number> {
  const parent = process.ppid;
  keepYoungHeapSmall();
  // Without a handler SIGUSR1 would open Node's inspector port; the log is reopened once there is one.
  let reopen = () => {};
  process.on('SIGUSR1', () => reopen());

  const loaded = loadConfig(file);
  const { config, warnings } = loaded;
  if (config.daemon && !isDaemonChild()) {
    for (const warning of warnings) console.error(`warning: ${warning}`);
    return daemonize();
  }
  enterWorkDir(config.workDir);
  const output = openLog(config.log);
  const { log } = output;
  // Who starts it by hand would see nothing, and wonder.
  if (config.log.tank === 'file' && process.stdout.isTTY) console.log(`logging to ${config.log.file}`);
  reopen = () => output.reopen();
  for (const warning of [...warnings, ...missingPrograms(loaded)]) log.warn(warning);

  const pid = new PidPart(acquirePidFile(config.pid));
  const server = new SrsServer(loaded, log);
  output.onWarning((line) => server.warned(line));
  const watch = new WatchPart(file, () => void reloader.request(), log);
  const reloader = server.reloader(() => loadAgain(file), [logPart(output), pid, watch]);
  try {
    process.on('uncaughtException', (err) => log.error({ err }, 'internal error; the server goes on'));
    process.on('unhandledRejection', (err) => log.error({ err }, 'internal error; the server goes on'));
    process.on('SIGHUP', () => void reloader.request());
    // From here on a signal ends the server in order, also while it starts.
    const hurry = new AbortController();
    const asked = endSignal(hurry);
    // Before the start, so that no change made meanwhile is missed.
    watch.set(config.inotifyAutoReload);
    await server.start(new AbortController().signal);
    log.info({ version, node: process.version, config: file }, 'srs is running');
    reportToParent();
    if (config.asprocess && !isDaemonChild()) endWithParent(parent, log);
    const { signal, graceful } = await asked;
    log.info({ signal }, graceful ? 'no new clients; stopping when the players have left' : 'stopping');
    if (graceful) await server.drain(secondsToMs(server.config.graceDrain), hurry.signal);
    await server.stop();
    log.info('stopped');
    return 0;
  } finally {
    watch.set(false);
    pid.release();
    output.flush();
  }
}

/** For a reload, in the working directory of the server. @throws {ConfigError} */
function loadAgain(file: string): LoadedConfig {
  const loaded = loadConfig(file);
  return { ...loaded, warnings: [...loaded.warnings, ...missingPrograms(loaded)] };
}
