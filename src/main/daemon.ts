import { spawn } from 'node:child_process';

const MARK = 'SRS_DAEMON_CHILD';

/** What the detached process tells the one that started it. */
type Report = { readonly serving: true } | { readonly error: string };

/** Whether this process is the detached one. */
export const isDaemonChild = (): boolean => process.env[MARK] !== undefined;

/**
 * `daemon on`: runs the same command detached from the terminal, and waits until it serves or fails.
 * @returns the exit code; a failure was printed.
 */
export function daemonize(): Promise<number> {
  const child = spawn(process.execPath, process.argv.slice(1), {
    detached: true,
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    env: { ...process.env, [MARK]: '1' },
  });
  return new Promise((resolve) => {
    child.on('error', (error) => {
      console.error(`cannot start the daemon: ${error.message}`);
      resolve(1);
    });
    child.on('message', (report: Report) => {
      if ('error' in report) console.error(report.error);
      else console.log(`srs runs as a daemon, pid ${child.pid}`);
      child.disconnect();
      child.unref();
      resolve('error' in report ? 1 : 0);
    });
    child.on('exit', (code) => resolve(code ?? 1));
  });
}

/** Called in the detached process once it serves, or with the one line that says why it cannot. */
export function reportToParent(error?: string): void {
  if (!isDaemonChild() || process.send === undefined || !process.connected) return;
  process.send(error === undefined ? { serving: true } : { error });
}
