import type { Config, EngineConfig } from '../../config/index.js';
import { type Seconds, secondsToMs } from '../../core/index.js';
import { ConfigError, type ProgramState, type SupervisedProgram, type Supervisor } from '../../kernel/index.js';
import type { Passes } from '../access/index.js';
import type { ProgramKind } from '../gate.js';
import { ffmpegArguments, type Place } from './ffmpeg-args.js';
import { ffmpegLog } from './log-file.js';
import { type IssuePass, type OutputPlace, outputPlace } from './places.js';

/** What an ffmpeg needs from the server around it; wired in app/. */
export interface FfmpegEnvironment {
  readonly supervisor: Supervisor;
  /** For the programs, so that they may play and publish here. */
  readonly passes: Passes;
  /** The port of 127.0.0.1 where passes count. @throws {SystemError} LISTEN */
  port(): Promise<number>;
  config(): Config;
}

/** One start of an ffmpeg. */
export interface FfmpegTask {
  /** The engine to run, its output aside. */
  readonly engine: EngineConfig;
  readonly input: Place;
  /** Parts of the input that no log shows. */
  readonly secrets: readonly string[];
  /** The output, its variables filled in. */
  readonly output: string;
  /** Tells its log apart from others. */
  readonly logNames: readonly string[];
}

/** What an ffmpeg is run for. */
export interface FfmpegJob {
  readonly kind: ProgramKind;
  /** The program: a path, or a name that is looked for in PATH. */
  readonly ffmpeg: string;
  readonly stallTimeout: Seconds;
  /** Named in every line of the log. */
  readonly fields: Readonly<Record<string, string>>;
  /** Begins the name of its log. */
  readonly logPrefix: string;
  /** What another is told that wants the same output. */
  readonly title: string;
  /** Whether there is something to do, so that no progress means that it hangs. */
  isBusy(): boolean;
  /** Asked before each start. @param port of 127.0.0.1, where passes count. @throws what is in the way. */
  begin(port: number, issue: IssuePass): Promise<FfmpegTask>;
  /** Its output is known, and it is about to start. @throws what is in the way. */
  ready?(output: OutputPlace): void;
}

/** How it goes, for statistics. */
export interface FfmpegState extends ProgramState {
  /** Where the result goes; without keys and passwords. */
  readonly output: string;
}

/** Outputs in use, so that no two write to one: output → program. */
export type OutputsInUse = Map<string, FfmpegProgram>;

/** A supervised ffmpeg that reads or writes a stream of this server. */
export class FfmpegProgram {
  readonly #program: SupervisedProgram;
  #passes: string[] = [];
  #output: OutputPlace | undefined;

  constructor(
    private readonly job: FfmpegJob,
    private readonly env: FfmpegEnvironment,
    private readonly inUse: OutputsInUse,
    /** What has to be over before. */
    private readonly former: Promise<unknown>,
  ) {
    this.#program = env.supervisor.run({
      fields: job.fields,
      prepare: () => this.#prepare(),
      ended: () => this.#release(),
      busy: () => job.isBusy(),
      stallTimeout: secondsToMs(job.stallTimeout),
      isComplaint: (line) => /\[(error|fatal|panic)\] /.test(line),
    });
  }

  get state(): FfmpegState {
    return { output: this.#output?.shown ?? '', ...this.#program.state };
  }

  /** The stream that the result is, if it goes to an RTMP server. */
  get outputKey(): string | undefined {
    return this.#output?.streamKey;
  }

  restart(why: string): void {
    this.#program.restart(why);
  }

  /** Resolves when its process is gone. */
  end(): Promise<void> {
    return this.env.supervisor.end(this.#program);
  }

  async #prepare() {
    await this.former;
    const { kind, ffmpeg, logPrefix } = this.job;
    const port = await this.env.port();
    const issue: IssuePass = (use, key) => {
      const token = this.env.passes.issue(kind, use, key);
      this.#passes.push(token);
      return token;
    };
    const task = await this.job.begin(port, issue);
    const config = this.env.config();
    const output = outputPlace(task.output, config, port, issue);
    this.job.ready?.(output);
    this.#take(output.streamKey ?? task.output);
    this.#output = output;
    const log = ffmpegLog(config.ffLog, logPrefix, task.logNames);
    return {
      command: ffmpeg,
      args: ffmpegArguments(task.engine, task.input, output.place, config.ffLog.level),
      secrets: [...this.#passes, ...output.secrets, ...task.secrets],
      ...(log !== undefined && { log }),
    };
  }

  /** @throws {ConfigError} when another one writes there. */
  #take(output: string): void {
    const other = this.inUse.get(output);
    if (other !== undefined && other !== this)
      throw new ConfigError('CONFIG_INVALID', `the output is that of ${other.job.title}`);
    this.inUse.set(output, this);
  }

  #release(): void {
    for (const token of this.#passes) this.env.passes.revoke(token);
    this.#passes = [];
    for (const [output, user] of this.inUse) if (user === this) this.inUse.delete(output);
  }
}
