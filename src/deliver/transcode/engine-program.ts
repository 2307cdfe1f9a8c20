import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { EngineConfig } from '../../config/index.js';
import { type Seconds, secondsToMs } from '../../core/index.js';
import { ConfigError, type ProgramState, type SupervisedProgram } from '../../kernel/index.js';
import { parseTcUrl } from '../../protocol/rtmp/index.js';
import { type LiveStream, type StreamName, streamKey } from '../../stream/index.js';
import { inputPlace, type OutputPlace, outputPlace } from './engine-places.js';
import { ffmpegArguments } from './ffmpeg-args.js';
import { fillOutput, type OutputValues } from './fill-output.js';
import type { TranscodeEnvironment } from './ports.js';

/** Bytes; file systems take 255. */
const MAX_LOG_NAME = 200;

/** An engine with what its block says. */
export interface WantedEngine {
  readonly scope: string;
  readonly ffmpeg: string;
  readonly stallTimeout: Seconds;
  readonly engine: EngineConfig;
}

/** The state of one engine, for statistics. */
export interface EngineState extends ProgramState {
  readonly scope: string;
  readonly engine: string;
  /** Where the result goes; without keys and passwords. */
  readonly output: string;
}

/** Outputs in use, so that no two engines write to one: output → engine. */
export type OutputsInUse = Map<string, EngineProgram>;

/** ffmpeg for one engine and one stream. */
export class EngineProgram {
  readonly #program: SupervisedProgram;
  #passes: string[] = [];
  #output: OutputPlace | undefined;
  /** The output as ffmpeg runs with it. */
  #filled: string | undefined;

  constructor(
    readonly wanted: WantedEngine,
    readonly stream: LiveStream,
    private readonly env: TranscodeEnvironment,
    private readonly inUse: OutputsInUse,
    /** What has to be over before. */
    private readonly former: Promise<unknown>,
  ) {
    this.#program = env.supervisor.run({
      fields: { stream: stream.key, engine: wanted.engine.name },
      prepare: () => this.#prepare(),
      ended: () => this.#release(),
      busy: () => stream.publication !== undefined,
      stallTimeout: secondsToMs(wanted.stallTimeout),
      isComplaint: (line) => /\[(error|fatal|panic)\] /.test(line),
    });
  }

  get state(): EngineState {
    const { scope, engine } = this.wanted;
    return { scope, engine: engine.name, output: this.#output?.shown ?? '', ...this.#program.state };
  }

  /** The stream that the result is, if it goes to an RTMP server. */
  get outputKey(): string | undefined {
    return this.#output?.streamKey;
  }

  restart(why: string): void {
    this.#program.restart(why);
  }

  /** Another publisher is there: its port or parameters may be part of the output. */
  republished(): void {
    if (this.#filled !== undefined && this.#filled !== this.#fill()) this.restart('the output is another one');
  }

  async end(): Promise<void> {
    await this.env.supervisor.end(this.#program);
  }

  #fill(): string {
    return fillOutput(this.wanted.engine, this.#values());
  }

  #values(): OutputValues {
    const { listen } = this.env.config();
    const publisher = this.env.client(this.stream.publication?.owner.id ?? '');
    const ports = listen.map(({ port }) => port);
    const used = publisher?.protocol === 'rtmp' ? parseTcUrl(publisher.tcUrl).port : 0;
    // A port that leads here only from elsewhere, through a container or balancer, is of no use to ffmpeg.
    const port = ports.includes(used) ? used : (ports[0] ?? 0);
    return { ...this.stream.name, port, param: publisher?.param ?? '' };
  }

  async #prepare() {
    await this.former;
    const { engine, ffmpeg } = this.wanted;
    const config = this.env.config();
    const port = await this.env.port();
    const issue = (use: 'publish' | 'play', key: string): string => {
      const token = this.env.passes.issue(use, key);
      this.#passes.push(token);
      return token;
    };
    const filled = this.#fill();
    const output = outputPlace(filled, this.stream.name, config, port, issue);
    this.#take(output.streamKey ?? filled);
    this.#output = output;
    this.#filled = filled;
    const input = inputPlace(this.stream.name, config, port, issue);
    const { dir, level, maxSize } = config.ffLog;
    return {
      command: ffmpeg,
      args: ffmpegArguments(engine, input, output.place, level),
      secrets: [...this.#passes, ...output.secrets],
      ...(dir !== '/dev/null' && {
        log: { file: join(dir, logName(this.stream.name, engine.name)), maxBytes: maxSize },
      }),
    };
  }

  /** @throws {ConfigError} when another engine writes there. */
  #take(output: string): void {
    const other = this.inUse.get(output);
    if (other !== undefined && other !== this) {
      const { scope, engine } = other.wanted;
      const which = `engine ${engine.name} of ${scope === '' ? 'the whole vhost' : scope}, for ${other.stream.key}`;
      throw new ConfigError('CONFIG_INVALID', `the output is that of ${which}: write [engine] into its name`);
    }
    this.inUse.set(output, this);
  }

  #release(): void {
    for (const token of this.#passes) this.env.passes.revoke(token);
    this.#passes = [];
    for (const [output, user] of this.inUse) if (user === this) this.inUse.delete(output);
  }
}

/** Names may have letters that no file name has, and be too long for one. */
function logName(stream: StreamName, engine: string): string {
  const { vhost, app, stream: name } = stream;
  const full = ['ffmpeg-encoder', vhost, app, name, ...(engine === '' ? [] : [engine])].join('-');
  const plain = full.replaceAll(/[^\p{L}\p{N}._-]/gu, '-');
  if (Buffer.byteLength(plain) <= MAX_LOG_NAME) return `${plain}.log`;
  const hash = createHash('sha256')
    .update(`${streamKey(stream)} ${engine}`)
    .digest('hex');
  return `ffmpeg-encoder-${hash.slice(0, 32)}.log`;
}
