import type { EngineConfig } from '../../config/index.js';
import type { Seconds } from '../../core/index.js';
import { ConfigError } from '../../kernel/index.js';
import { parseTcUrl } from '../../protocol/rtmp/index.js';
import {
  type FfmpegJob,
  FfmpegProgram,
  type FfmpegState,
  inputPlace,
  type LiveStream,
  type OutputsInUse,
} from '../../stream/index.js';
import { fillOutput, type OutputValues } from './fill-output.js';
import type { TranscodeEnvironment } from './ports.js';

/** An engine with what its block says. */
export interface WantedEngine {
  readonly scope: string;
  readonly ffmpeg: string;
  readonly stallTimeout: Seconds;
  readonly engine: EngineConfig;
}

/** The state of one engine, for statistics. */
export interface EngineState extends FfmpegState {
  readonly scope: string;
  readonly engine: string;
}

/** ffmpeg for one engine and one stream. */
export class EngineProgram {
  readonly #ffmpeg: FfmpegProgram;
  /** The output as ffmpeg runs with it. */
  #filled: string | undefined;

  constructor(
    readonly wanted: WantedEngine,
    readonly stream: LiveStream,
    private readonly env: TranscodeEnvironment,
    inUse: OutputsInUse,
    /** What has to be over before. */
    former: Promise<unknown>,
  ) {
    const { scope, ffmpeg, stallTimeout, engine } = wanted;
    const { vhost, app, stream: name } = stream.name;
    const place = scope === '' ? 'the whole vhost' : scope;
    const job = {
      kind: 'transcode',
      ffmpeg,
      stallTimeout,
      fields: { stream: stream.key, engine: engine.name },
      logPrefix: 'ffmpeg-encoder',
      title: `engine ${engine.name} of ${place}, for ${stream.key}: write [engine] into its name`,
      isBusy: () => stream.publication !== undefined,
      begin: async (port, issue) => {
        const output = this.#fill();
        this.#filled = output;
        return {
          engine,
          input: inputPlace(stream.name, env.config(), port, issue),
          secrets: [],
          output,
          logNames: [vhost, app, name, ...(engine.name === '' ? [] : [engine.name])],
        };
      },
      ready: ({ streamKey, isOwn }) => {
        if (isOwn && streamKey === stream.key)
          throw new ConfigError('CONFIG_INVALID', 'the output is the stream itself: write [engine] into its name');
      },
    } satisfies FfmpegJob;
    this.#ffmpeg = new FfmpegProgram(job, env, inUse, former);
  }

  get state(): EngineState {
    const { scope, engine } = this.wanted;
    return { scope, engine: engine.name, ...this.#ffmpeg.state };
  }

  /** The stream that the result is, if it goes to an RTMP server. */
  get outputKey(): string | undefined {
    return this.#ffmpeg.outputKey;
  }

  restart(why: string): void {
    this.#ffmpeg.restart(why);
  }

  /** Another publisher is there: its port or parameters may be part of the output. */
  republished(): void {
    if (this.#filled !== undefined && this.#filled !== this.#fill()) this.restart('the output is another one');
  }

  /** Resolves when its process is gone. */
  end(): Promise<void> {
    return this.#ffmpeg.end();
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
}
