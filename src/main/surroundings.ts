import { type Log, SystemError } from '../kernel/index.js';

/** `work_dir`. @throws {SystemError} WORK_DIR when it can not be entered. */
export function enterWorkDir(dir: string): void {
  try {
    process.chdir(dir);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new SystemError('WORK_DIR', `can not enter work_dir ${dir}: ${code}`, { dir }, { cause });
  }
}

const CHECK_MS = 500;

/**
 * `asprocess`: ends this process like SIGTERM does once the one that started it is gone.
 * @param parent as it was when this process began: it may have ended during the start.
 */
export function endWithParent(parent: number, log: Log): void {
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    log.warn({ parent }, 'the parent process has ended, so this one does');
    process.kill(process.pid, 'SIGTERM');
  }, CHECK_MS);
  timer.unref();
}
