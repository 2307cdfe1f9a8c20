import { Writable } from 'node:stream';
import { pino } from 'pino';
import type { Log } from '../../src/kernel/index.js';

/** A line of the server's log. */
export interface LogLine {
  readonly level: number;
  readonly msg: string;
  readonly conn?: string;
  readonly [field: string]: unknown;
}

/** The lines of a log that was written as JSON. */
export const linesOf = (log: string): LogLine[] =>
  log
    .split('\n')
    .filter((line) => line.startsWith('{') && line.endsWith('}'))
    .map((line) => JSON.parse(line) as LogLine);

/** A log for parts of the server, and what they have written there. */
export function logToMemory(): { log: Log; lines: LogLine[] } {
  const lines: LogLine[] = [];
  const write = (line: Buffer, _encoding: string, done: () => void): void => {
    lines.push(...linesOf(line.toString()));
    done();
  };
  return { log: pino({ base: null, timestamp: false }, new Writable({ write })), lines };
}
