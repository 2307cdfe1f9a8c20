import { type ChildProcess, spawn } from 'node:child_process';
import { type Ms, ms } from '../../core/index.js';
import type { Clock, Timer } from '../clock.js';
import { LineSplitter } from './lines.js';
import { type Progress, ProgressReader } from './progress.js';

/** How a run ended: by itself, by a signal, or never begun. */
export interface RunEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly error?: Error;
}

export interface RunEvents {
  /** A line of its standard output or error. */
  line(line: string): void;
  progress(progress: Progress): void;
}

/** A program has so long to end after SIGTERM; ffmpeg needs milliseconds. */
const PATIENCE = ms(2000);
/** After SIGKILL only a process that hangs in the kernel is still there; nobody waits for that. */
const LAST_PATIENCE = ms(3000);
/** The last words of a program that ended may still be in the pipe. */
const LAST_WORDS = ms(200);

/** One life of one process, in a process group of its own and without a shell. */
export class ChildRun {
  /** Resolves once, when the process is gone and reaped. */
  readonly ended: Promise<RunEnd>;
  readonly #child: ChildProcess;
  #force: Timer | undefined;
  #gone = false;
  #giveUp: () => void = () => undefined;

  /** @param argv the command, by its path, and its arguments. File descriptor 3 takes ffmpeg's `-progress`. */
  constructor(
    argv: readonly string[],
    private readonly clock: Clock,
    events: RunEvents,
  ) {
    const [command = '', ...args] = argv;
    this.#child = spawn(command, args, {
      detached: true,
      env: environment(),
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    });
    const reader = new ProgressReader((progress) => events.progress(progress));
    const splitters = [
      new LineSplitter((line) => events.line(line)),
      new LineSplitter((line) => events.line(line)),
      new LineSplitter((line) => reader.line(line)),
    ];
    for (const [i, splitter] of splitters.entries())
      this.#child.stdio[i + 1]
        ?.on('data', (bytes: Buffer) => splitter.push(bytes))
        .on('error', () => undefined)
        .on('close', () => splitter.end());
    this.ended = new Promise((resolve) => {
      this.#giveUp = () => resolve({ code: null, signal: null, error: new Error('it cannot be killed') });
      this.#child.once('error', (error) => {
        if (this.#child.pid === undefined) this.#over(() => resolve({ code: null, signal: null, error }));
      });
      // Not `close`: that waits for whoever else holds the pipes.
      this.#child.once('exit', (code, signal) => {
        this.#signal('SIGKILL'); // what it left behind in its group
        this.#over(() => resolve({ code, signal }));
      });
    });
  }

  /** Undefined when it could not be started. */
  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Ends it: SIGTERM to its group, SIGKILL if that does not help. */
  end(patience: Ms = PATIENCE): void {
    if (this.#gone || this.#force !== undefined) return;
    this.#signal('SIGTERM');
    this.#force = this.clock.after(patience, () => {
      this.#signal('SIGKILL');
      this.#force = this.clock.after(LAST_PATIENCE, () => this.#giveUp());
    });
  }

  #over(done: () => void): void {
    this.#gone = true;
    this.#force?.cancel();
    const finish = (): void => {
      words.cancel();
      for (const stream of this.#child.stdio) stream?.destroy();
      done();
    };
    const words = this.clock.after(LAST_WORDS, finish);
    this.#child.once('close', finish);
  }

  #signal(name: NodeJS.Signals): void {
    if (this.#child.pid === undefined) return;
    try {
      process.kill(-this.#child.pid, name);
    } catch {
      // The group is gone already.
    }
  }
}

/** As this process has it, but for the settings of the server, some of which are secret. */
const environment = (): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('SRS_')));
