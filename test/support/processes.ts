import { readdirSync, readFileSync } from 'node:fs';

export interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  /** `Z` is a zombie. */
  readonly state: string;
  /** Its command line, words joined by a space. */
  readonly command: string;
}

/** Every process of the machine, from /proc. */
export function processes(): Process[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, 'latin1');
        const [state = '', parent = '', group = ''] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
        const command = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
        return [{ pid: Number(name), parent: Number(parent), group: Number(group), state, command }];
      } catch {
        return []; // gone meanwhile
      }
    });
}

/** Whether the process is there and no zombie. */
export const isAlive = (pid: number): boolean => processes().some((one) => one.pid === pid && one.state !== 'Z');

/** The children of a process, zombies too. */
export const childrenOf = (parent: number): Process[] => processes().filter((one) => one.parent === parent);
