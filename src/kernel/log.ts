import { closeSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { type DestinationStream, destination, type Logger, pino } from 'pino';
import pretty from 'pino-pretty';
import { reasonOf } from './errno.js';
import { SystemError } from './errors.js';
import { makeDirectory } from './make-directory.js';

export type Log = Logger;

/** The original's level names; `verbose` and `info` are its two finer ones. */
export type LogLevel = 'verbose' | 'info' | 'trace' | 'warn' | 'error';

const LEVELS = { verbose: 'trace', info: 'debug', trace: 'info', warn: 'warn', error: 'error' } as const;

/** The level comes first in a line: 40 is warn, 50 error, 60 fatal. */
const WARNING = /^\{"level":[456]0,/;

/** Names whose values never reach a log: stream keys, tokens, query strings. */
const REDACT = ['param', 'query', 'token', 'secret', 'tcUrl', '*.param', '*.query', '*.token', '*.secret', '*.tcUrl'];

export interface LogSettings {
  readonly tank: 'console' | 'file';
  readonly level: LogLevel;
  readonly file: string;
}

/** A log and its place: people read a terminal, machines read JSON lines from a file or pipe. */
export interface LogOutput {
  readonly log: Log;
  /** Opens the file anew, after logrotate moved it. */
  reopen(): void;
  /** Another file, tank or level, for everything that is logged from now on. @throws {SystemError} LOG_FILE; then nothing changed. */
  change(settings: LogSettings): void;
  flush(): void;
  /** Hears every line from level warn on, as written. */
  onWarning(listener: (line: string) => void): void;
}

/** @throws {SystemError} LOG_FILE when the file cannot be opened for appending. */
export function openLog(settings: LogSettings): LogOutput {
  let place = settings;
  let output = open(settings);
  const children = new Children();
  let warned = (_line: string): void => undefined;
  const log = pino(
    {
      level: LEVELS[settings.level],
      base: { pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: { paths: REDACT, censor: '***' },
      onChild: (child) => children.add(child),
    },
    {
      write: (line: string) => {
        output.stream.write(line);
        if (WARNING.test(line)) warned(line);
      },
    },
  );
  return {
    log,
    reopen: () => output.reopen(),
    flush: () => output.flush(),
    onWarning: (listener) => {
      warned = listener;
    },
    change: (next) => {
      if (next.tank !== place.tank || next.file !== place.file) {
        const former = output;
        output = open(next);
        former.close();
      }
      place = next;
      for (const each of [log, ...children]) each.level = LEVELS[next.level];
    },
  };
}

const open = ({ tank, file }: LogSettings): Output => (tank === 'file' ? toFile(file) : toConsole());

/** The logs of connections and parts, which have levels of their own: a change must reach those that are alive. */
class Children {
  readonly #alive = new Set<WeakRef<Log>>();
  readonly #gone = new FinalizationRegistry<WeakRef<Log>>((ref) => this.#alive.delete(ref));

  add(log: Log): void {
    const ref = new WeakRef(log);
    this.#alive.add(ref);
    this.#gone.register(log, ref);
  }

  *[Symbol.iterator](): Iterator<Log> {
    for (const ref of this.#alive) {
      const log = ref.deref();
      if (log !== undefined) yield log;
    }
  }
}

interface Output {
  readonly stream: DestinationStream;
  reopen(): void;
  flush(): void;
  close(): void;
}

function toConsole(): Output {
  const nothing = () => undefined;
  if (process.stdout.isTTY)
    return { stream: pretty({ sync: true, ignore: 'pid,hostname' }), reopen: nothing, flush: nothing, close: nothing };
  const stream = destination({ dest: 1, sync: true });
  return { stream, reopen: nothing, flush: nothing, close: nothing };
}

function toFile(file: string): Output {
  try {
    makeDirectory(dirname(file));
    closeSync(openSync(file, 'a'));
  } catch (cause) {
    throw new SystemError('LOG_FILE', `cannot open the log file ${file}: ${reasonOf(cause)}`, { file }, { cause });
  }
  const stream = destination({ dest: file, sync: true, append: true });
  return { stream, reopen: () => stream.reopen(), flush: () => stream.flushSync(), close: () => stream.end() };
}
