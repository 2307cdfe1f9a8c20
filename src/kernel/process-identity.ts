import { readFileSync } from 'node:fs';
import { errnoOf } from './errno.js';

/** `PID START BOOT`: no other process ever has the same. START is `-` where the system does not tell. */
export const identityOf = (pid: number): string => `${pid} ${statOf(pid)?.start ?? '-'} ${bootId()}`;

/** The number in an identity. */
export const pidOf = (identity: string): number => Number.parseInt(identity, 10);

/** Whether the process still runs: another one with its number does not count. */
export function isAlive(identity: string): boolean {
  const [, start, boot] = identity.split(' ');
  const pid = pidOf(identity);
  if (!(pid > 0) || boot !== bootId()) return false;
  const stat = statOf(pid);
  if (stat) return stat.start === start && stat.state !== 'Z' && stat.state !== 'X';
  try {
    process.kill(pid, 0);
    return true;
  } catch (cause) {
    return errnoOf(cause) === 'EPERM';
  }
}

/** State and start time (clock ticks since boot) from /proc/PID/stat; the name in it may hold spaces and brackets. */
function statOf(pid: number): { state: string; start: string } | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return { state: fields[0] ?? '', start: fields[19] ?? '-' };
  } catch {
    return undefined;
  }
}

function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
  } catch {
    return '-';
  }
}
