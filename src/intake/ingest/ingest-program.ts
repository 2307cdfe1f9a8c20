import { maskUrl } from '../../config/index.js';
import { ConfigError, RefusedError } from '../../kernel/index.js';
import {
  type FfmpegEnvironment,
  type FfmpegJob,
  FfmpegProgram,
  type FfmpegState,
  type OutputPlace,
  type OutputsInUse,
  rtmpPlace,
  secretsIn,
} from '../../stream/index.js';
import { checkFile, ingestInput } from './ingest-input.js';
import type { WantedIngest } from './wanted-ingests.js';

/** The state of one ffmpeg of an ingest, for statistics. */
export interface IngestState extends FfmpegState {
  readonly vhost: string;
  readonly ingest: string;
  readonly engine: string;
  /** Without keys and passwords. */
  readonly input: string;
}

/** Whether a client that is no ingest publishes a stream (`vhost/app/stream`). */
export type IsTaken = (streamKey: string) => boolean;

/** ffmpeg for one engine of an ingest. */
export class IngestProgram {
  readonly #ffmpeg: FfmpegProgram;
  #waitsFor: string | undefined;

  constructor(
    readonly wanted: WantedIngest,
    private readonly env: FfmpegEnvironment,
    inUse: OutputsInUse,
    private readonly isTaken: IsTaken,
    /** What has to be over before. */
    former: Promise<unknown>,
  ) {
    const { vhost, ingest, ffmpeg, stallTimeout, input, engine, output } = wanted;
    const job = {
      kind: 'ingest',
      ffmpeg,
      stallTimeout,
      fields: { vhost, ingest, engine: engine.name },
      logPrefix: 'ffmpeg-ingest',
      title: `ingest ${ingest} of vhost ${vhost}: give each its own`,
      isBusy: () => true,
      begin: async () => {
        await checkFile(input, engine);
        return { engine, input: ingestInput(input), secrets: secretsIn(input.url), output, logNames: this.#logNames() };
      },
      ready: (place) => this.#ready(place),
    } satisfies FfmpegJob;
    this.#ffmpeg = new FfmpegProgram(job, env, inUse, former);
  }

  get state(): IngestState {
    const { vhost, ingest, engine, input } = this.wanted;
    return { vhost, ingest, engine: engine.name, input: maskUrl(input.url), ...this.#ffmpeg.state };
  }

  /** The stream has no publisher any more. */
  freed(streamKey: string): void {
    if (this.#waitsFor === streamKey) this.#ffmpeg.restart('the stream is free');
  }

  /** Resolves when its process is gone. */
  end(): Promise<void> {
    return this.#ffmpeg.end();
  }

  #ready({ streamKey, isOwn }: OutputPlace): void {
    this.#waitsFor = undefined;
    if (!isOwn || streamKey === undefined) return;
    const { url } = this.wanted.input;
    if (/^rtmp:\/\//i.test(url)) {
      const source = rtmpPlace(url, this.env.config());
      if (source.isOwn && source.key === streamKey)
        throw new ConfigError('CONFIG_INVALID', 'the output is the stream that is pulled: give it another name');
    }
    if (!this.isTaken(streamKey)) return;
    this.#waitsFor = streamKey;
    throw new RefusedError('STREAM_BUSY', `${streamKey} has another publisher: it begins when that has left`);
  }

  /** spec/media.md §2: by app and stream of the output, where it has them. */
  #logNames(): string[] {
    const { vhost, ingest, engine, output } = this.wanted;
    const own = [vhost, ingest, ...(engine.name === '' ? [] : [engine.name])];
    return /^rtmps?:\/\//i.test(output) ? [rtmpPlace(output, this.env.config()).key] : own;
  }
}
