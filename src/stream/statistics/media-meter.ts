import type { Codec, Frame } from '../../core/index.js';
import type { PictureFormat } from '../../protocol/avc/index.js';
import { describeAudio, describeVideo, type SoundFormat } from './describe.js';

/** Pictures per second are measured over so much of the stream. */
const FPS_WINDOW = 5000;

export interface VideoStatistics extends PictureFormat {
  readonly codec: Codec;
  /** Measured, by the stream's own clock; 0 while there are less than two pictures. */
  readonly fps: number;
  /** Length of the last complete group of pictures; 0 before. */
  readonly gopFrames: number;
  readonly gopMs: number;
}

export interface AudioStatistics extends SoundFormat {
  readonly codec: Codec;
}

export interface Tracks {
  readonly audio: boolean;
  readonly video: boolean;
}

/**
 * What a stream consists of. Of several tracks it describes the lowest. A frame costs a few comparisons; headers are
 * parsed when somebody asks, once for each.
 */
export class MediaMeter {
  /** Pictures of the stream over all its publishes. */
  frames = 0;
  #videoCodec: Codec | undefined;
  #videoConfig: Frame | undefined;
  #picture: PictureFormat | undefined;
  #audioFrame: Frame | undefined;
  /** Of which kinds there were frames, not only configurations. */
  #shown = { audio: false, video: false };
  #sound: SoundFormat | undefined;
  #track = Number.POSITIVE_INFINITY;
  #keyDts = 0;
  #keyAt = -1;
  #gopFrames = 0;
  #gopMs = 0;
  #anchorDts = 0;
  #anchorAt = -1;
  #lastDts = 0;
  #fps = 0;

  /** Another publish begins, with configurations of its own. */
  beginPublish(): void {
    this.#videoCodec = this.#videoConfig = this.#picture = undefined;
    this.#audioFrame = this.#sound = undefined;
    this.#shown = { audio: false, video: false };
    this.#track = Number.POSITIVE_INFINITY;
    this.#keyAt = this.#anchorAt = -1;
    this.#gopFrames = this.#gopMs = this.#fps = 0;
  }

  count(frame: Frame): void {
    const { kind, role, codec } = frame;
    if (kind !== 'data' && codec !== 'none' && (role === 'key' || role === 'inter' || role === 'audio'))
      this.#shown[kind] = true;
    if (frame.kind === 'video') this.#video(frame);
    else if (frame.kind === 'audio') this.#audio(frame);
  }

  #video(frame: Frame): void {
    if (frame.track > this.#track) return;
    if (frame.role === 'config') {
      this.#track = frame.track;
      this.#videoCodec = frame.codec;
      this.#videoConfig = frame;
      this.#picture = undefined;
      return;
    }
    if (frame.role !== 'key' && frame.role !== 'inter') return;
    this.#track = frame.track;
    this.#videoCodec = frame.codec;
    const { dts } = frame;
    if (frame.role === 'key') {
      if (this.#keyAt >= 0) {
        this.#gopFrames = this.frames - this.#keyAt;
        this.#gopMs = dts - this.#keyDts;
      }
      this.#keyAt = this.frames;
      this.#keyDts = dts;
    }
    if (this.#anchorAt < 0) this.#anchor(dts);
    else if (dts - this.#anchorDts >= FPS_WINDOW) {
      this.#fps = this.#rateAt(this.frames, dts);
      this.#anchor(dts);
    }
    this.#lastDts = dts;
    this.frames++;
  }

  #anchor(dts: number): void {
    this.#anchorAt = this.frames;
    this.#anchorDts = dts;
  }

  #rateAt(frames: number, dts: number): number {
    const span = dts - this.#anchorDts;
    return span > 0 ? ((frames - this.#anchorAt) * 1000) / span : 0;
  }

  #audio(frame: Frame): void {
    const known = this.#audioFrame;
    if (known !== undefined && frame.role !== 'config' && known.codec === frame.codec) return;
    if (known !== undefined && frame.track > known.track) return;
    if (frame.role !== 'config' && (frame.role !== 'audio' || frame.codec === 'none')) return;
    this.#audioFrame = frame;
    this.#sound = undefined;
  }

  /** Which kinds of media this publish has shown so far. */
  get tracks(): Tracks {
    return this.#shown;
  }

  /** Which kinds it has told of, be it with a configuration alone. */
  get announced(): Tracks {
    return { audio: this.#audioFrame !== undefined, video: this.#videoCodec !== undefined };
  }

  get video(): VideoStatistics | undefined {
    if (this.#videoCodec === undefined) return undefined;
    if (this.#picture === undefined && this.#videoConfig !== undefined)
      this.#picture = describeVideo(this.#videoConfig);
    const { profile, level, width, height } = this.#picture ?? { profile: '', level: '', width: 0, height: 0 };
    const fps = this.#fps > 0 || this.#anchorAt < 0 ? this.#fps : this.#rateAt(this.frames - 1, this.#lastDts);
    const codec = this.#videoCodec;
    return { codec, profile, level, width, height, fps, gopFrames: this.#gopFrames, gopMs: this.#gopMs };
  }

  get audio(): AudioStatistics | undefined {
    if (this.#audioFrame === undefined) return undefined;
    this.#sound ??= describeAudio(this.#audioFrame);
    return { codec: this.#audioFrame.codec, ...this.#sound };
  }
}
