import { setFlagsFromString } from 'node:v8';
import { type Log, reasonOf, SystemError } from '../kernel/index.js';

/**
 * V8 would let its young generation grow to 48 MB under load and seldom take it back. Collecting a small one more often
 * costs no more here, since nearly all that is young is dead by then (measured: docs/performance.md).
 */
export function keepYoungHeapSmall(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
}

/** `work_dir`. @throws {SystemError} WORK_DIR when it cannot be entered. */
export function enterWorkDir(dir: string): void {
  try {
    process.chdir(dir);
  } catch (cause) {
    throw new SystemError('WORK_DIR', `cannot enter work_dir ${dir}: ${reasonOf(cause)}`, { dir }, { cause });
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
