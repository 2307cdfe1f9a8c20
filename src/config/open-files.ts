import { readFileSync } from 'node:fs';

/** Files that the process needs besides its connections: log, pid file, the event loop's own. */
const RESERVE = 20;

/**
 * How many files this process may have open: the hard limit, because Node raises the soft one to it at start.
 * @returns undefined where the system does not tell.
 */
export function openFileLimit(): number | undefined {
  let limits: string;
  try {
    limits = readFileSync('/proc/self/limits', 'utf8');
  } catch {
    return undefined;
  }
  const [, hard] = /^Max open files\s+\S+\s+(\S+)/m.exec(limits) ?? [];
  if (hard === undefined) return undefined;
  return hard === 'unlimited' ? Number.POSITIVE_INFINITY : Number(hard);
}

/** Connections to the HTTP API at a time, which do not count as those of players. */
export const API_CONNECTIONS = 128;

/** How many open files it takes to serve so many connections. */
export const openFilesFor = (connections: number, listeners: number, api: boolean): number =>
  connections + listeners + RESERVE + (api ? API_CONNECTIONS : 0);
