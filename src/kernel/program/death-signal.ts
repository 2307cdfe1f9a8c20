import { execFile } from 'node:child_process';
import { findProgram } from './find-program.js';

/**
 * What to put in front of a command so that the kernel kills the program when the thread that started it is gone, even
 * by kill -9: Node cannot ask for that itself (prctl). setpriv replaces itself with the program, so pid and
 * group stay.
 * @returns undefined where there is no setpriv that can do it (util-linux 2.33).
 */
export async function deathSignalPrefix(): Promise<readonly string[] | undefined> {
  try {
    const prefix = [findProgram('setpriv'), '--pdeathsig', 'KILL', '--'];
    const [command = '', ...args] = prefix;
    await new Promise<void>((resolve, reject) =>
      execFile(command, [...args, process.execPath, '--version'], { timeout: 5000 }, (error) =>
        error === null ? resolve() : reject(error),
      ),
    );
    return prefix;
  } catch {
    return undefined;
  }
}
