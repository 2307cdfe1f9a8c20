import { type Ms, ms } from '../../core/index.js';
import { Backoff, type BackoffLimits } from '../backoff.js';
import { messageOf } from '../cause.js';
import type { Clock } from '../clock.js';
import { reasonOf } from '../errno.js';
import { SrsError } from '../errors.js';
import type { Log } from '../log.js';
import { BoundedFile } from './bounded-file.js';
import { ChildRun, type RunEnd } from './child-run.js';
import { findProgram } from './find-program.js';
import { LastLines } from './lines.js';
import type { Progress } from './progress.js';
import { StallWatch } from './stall-watch.js';

/** What to run. */
export interface Program {
  /** A path, or a name that is looked for in PATH. */
  readonly command: string;
  readonly args: readonly string[];
  /** Texts that no log ever shows. */
  readonly secrets: readonly string[];
  /** Where its output is kept. */
  readonly log?: { readonly file: string; readonly maxBytes: number };
}

export interface SupervisedOptions {
  /** Named in every line of the log. */
  readonly fields: Readonly<Record<string, string>>;
  /** Asked before each start. @throws what is in the way; it is asked again later. */
  prepare(): Promise<Program>;
  /** A run is over; what `prepare` gave may be taken back. */
  ended?(): void;
  /** Whether there is something to do, so that no progress means that the program hangs. */
  busy(): boolean;
  /** Without progress for so long it is killed and started again. 0: never. */
  readonly stallTimeout: Ms;
  /** Tells a complaint from other output. */
  isComplaint(line: string): boolean;
}

/** What a program is doing: its first progress makes it `running`. */
export type ProgramPhase = 'starting' | 'running' | 'waiting' | 'stopped';

export interface ProgramState {
  readonly phase: ProgramPhase;
  readonly pid: number | undefined;
  /** Milliseconds since the start of this process. */
  readonly uptime: number;
  readonly progress: Progress | undefined;
  readonly restarts: number;
  /** Why the last run ended; undefined while none has. */
  readonly lastError: string | undefined;
  /** The last lines in which it complained, or its last words. */
  readonly errorLines: readonly string[];
}

/** What a program takes from the supervisor of all programs. */
export interface SupervisorPort {
  readonly clock: Clock;
  readonly log: Log;
  /** Put before the command. */
  prefix(): Promise<readonly string[]>;
  started(group: number): void;
  gone(group: number): void;
}

const BACKOFF: BackoffLimits = { first: ms(1000), cap: ms(30_000) };
/** A run with progress that lasted so long was no failure to begin with. */
const SOUND = 10_000;
const KEPT_LINES = 8;

/** Keeps a program running until it is told to stop: starts it again, later and later, whatever ended it. */
export class SupervisedProgram {
  #run: ChildRun | undefined;
  #phase: ProgramPhase = 'starting';
  #since = 0;
  #progress: Progress | undefined;
  #restarts = 0;
  #lastError: string | undefined;
  #errorLines: readonly string[] = [];
  /** What was told of a failure, so that the same is told once. */
  #told: string | undefined;
  #stopping = false;
  #again = false;
  #wake: () => void = () => undefined;
  readonly #backoff = new Backoff(BACKOFF);
  readonly #log: Log;
  readonly #done: Promise<void>;

  constructor(
    private readonly options: SupervisedOptions,
    private readonly supervisor: SupervisorPort,
  ) {
    this.#log = supervisor.log.child(options.fields);
    this.#done = this.#keepRunning();
  }

  get state(): ProgramState {
    return {
      phase: this.#phase,
      pid: this.#run?.pid,
      uptime: this.#run === undefined ? 0 : Math.round(this.supervisor.clock.now() - this.#since),
      progress: this.#progress,
      restarts: this.#restarts,
      lastError: this.#lastError,
      errorLines: this.#errorLines,
    };
  }

  /** Starts it anew, now. */
  restart(why: string): void {
    if (this.#stopping) return;
    this.#log.info({ why }, 'program is started anew');
    this.#again = true;
    this.#run?.end();
    this.#wake();
  }

  /** Resolves when its process is gone. */
  stop(): Promise<void> {
    this.#stopping = true;
    this.#run?.end();
    this.#wake();
    return this.#done;
  }

  async #keepRunning(): Promise<void> {
    while (!this.#stopping) {
      this.#again = false;
      const started = this.supervisor.clock.now();
      const failure = await this.#once();
      this.options.ended?.();
      if (this.#stopping) break;
      this.#phase = 'waiting';
      if (!this.#again) {
        const sound = this.#progress !== undefined && this.supervisor.clock.now() - started > SOUND;
        if (sound) this.#backoff.reset();
        await this.#pause(this.#report(failure, sound));
      }
      this.#restarts++;
    }
    this.#phase = 'stopped';
  }

  /** @returns the wait before the next start. */
  #report({ why, lines }: Failure, sound: boolean): Ms {
    this.#lastError = why;
    this.#errorLines = lines;
    const wait = this.#backoff.next();
    // Addresses in memory differ from run to run.
    const failure = [why, ...lines].join('\n').replaceAll(/0x[0-9a-f]+/gi, '');
    const level = !sound && failure === this.#told ? 'debug' : 'warn';
    this.#told = failure;
    this.#log[level]({ code: 'PROGRAM', why, said: lines, again: `in ${wait} ms` }, 'program failed');
    return wait;
  }

  #pause(wait: Ms): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.supervisor.clock.after(wait, resolve);
      this.#wake = () => {
        timer.cancel();
        resolve();
      };
    });
  }

  /** One run, from the preparations to its end. Never rejects. */
  async #once(): Promise<Failure> {
    this.#phase = 'starting';
    this.#progress = undefined;
    try {
      const program = await this.options.prepare();
      const argv = [...(await this.supervisor.prefix()), findProgram(program.command), ...program.args];
      if (this.#stopping || this.#again) return { why: 'not needed any more', lines: [] };
      return await this.#live(program, argv);
    } catch (error) {
      if (!(error instanceof SrsError)) this.#log.error({ err: error }, 'internal error in a program');
      return { why: messageOf(error), lines: [] };
    }
  }

  /** One life of its process. */
  async #live(program: Program, argv: readonly string[]): Promise<Failure> {
    const { clock } = this.supervisor;
    const { stallTimeout } = this.options;
    const file = this.#openFile(program, argv);
    const all = new LastLines(KEPT_LINES);
    const complaints = new LastLines(KEPT_LINES);
    const watch = new StallWatch(clock, stallTimeout, () => this.options.busy());
    this.#since = clock.now();
    try {
      const run = new ChildRun(argv, clock, {
        line: (line) => {
          const masked = mask(line, program.secrets);
          file?.line(masked);
          all.add(masked);
          if (!this.options.isComplaint(masked)) return;
          complaints.add(masked);
          this.#errorLines = [...complaints.lines];
        },
        progress: (progress) => {
          if (isSame(progress, this.#progress)) return;
          watch.moved();
          if (this.#phase === 'starting') this.#phase = 'running';
          this.#progress = progress;
        },
      });
      this.#run = run;
      if (run.pid !== undefined) {
        this.supervisor.started(run.pid);
        this.#log.info({ pid: run.pid, program: program.command }, 'program started');
      }
      watch.start(() => run.end(ms(0)));
      const end = await run.ended;
      if (run.pid !== undefined) this.supervisor.gone(run.pid);
      const why = watch.isStalled ? `no progress for ${stallTimeout} ms` : mask(printEnd(end), program.secrets);
      if (this.#stopping) this.#log.info({ pid: run.pid }, 'program stopped');
      return { why, lines: [...(complaints.lines.length > 0 ? complaints : all).lines] };
    } finally {
      watch.stop();
      file?.close();
      this.#run = undefined;
    }
  }

  #openFile({ log, secrets }: Program, argv: readonly string[]): BoundedFile | undefined {
    if (log === undefined) return undefined;
    const file = new BoundedFile(log.file, log.maxBytes, (cause) =>
      this.#log.warn({ file: log.file, why: reasonOf(cause) }, 'the output of a program cannot be kept'),
    );
    const time = new Date(this.supervisor.clock.wall()).toISOString();
    // Before it is JSON, which writes some letters in another way.
    file.line(`\n${time} params: ${JSON.stringify(argv.map((arg) => mask(arg, secrets)))}`);
    return file;
  }
}

interface Failure {
  readonly why: string;
  readonly lines: readonly string[];
}

const isSame = (a: Progress, b: Progress | undefined): boolean =>
  a.frame === (b?.frame ?? 0) && a.outTime === (b?.outTime ?? 0) && a.bytes === (b?.bytes ?? 0);

const mask = (text: string, secrets: readonly string[]): string =>
  secrets.reduce((masked, secret) => masked.replaceAll(secret, '***'), text);

function printEnd({ code, signal, error }: RunEnd): string {
  if (error !== undefined) return error.message;
  return signal === null ? `it ended with code ${code}` : `it was ended by ${signal}`;
}
