import type { Frame } from '../../core/index.js';
import { type AacConfig, ADTS_BYTES, coreRate, fitsAdts, isAdts, readAacConfig, writeAdts } from '../aac/index.js';
import { readAvcConfig } from '../avc/index.js';
import { audioDataOffset, videoDataOffset } from '../flv/index.js';
import { readHevcConfig } from '../hevc/index.js';
import { AccessUnit, type VideoConfig } from './access-unit.js';
import { PictureClock } from './picture-clock.js';
import { SampleClock } from './sample-clock.js';
import { type AudioTrack, Pid, type Tracks, type VideoTrack } from './tables.js';
import { TsWriter } from './ts-writer.js';

/** What a codec configuration says; see `FrameMuxer.read`. */
export type TrackConfig =
  | { readonly kind: 'video'; readonly config: VideoConfig }
  | { readonly kind: 'audio'; readonly config: AacConfig };

/**
 * What became of a frame: `nothing` when it has neither a slice nor sound, `damaged` when it cannot be read, or came
 * before its configuration and parameter sets.
 */
export type Written = 'written' | 'nothing' | 'damaged';

/** Of an encoder that sends no configuration: the parameter sets are in its key frames, and its lengths have four bytes. */
const unconfigured = (track: VideoTrack): VideoConfig => ({
  track,
  record: new Uint8Array(0),
  lengthSize: 4,
  sets: [],
});

/** Frames of one stream → transport stream: Annex B for AVC and HEVC, ADTS for AAC, MP3 as it is. */
export class FrameMuxer {
  readonly #writer = new TsWriter();
  #video: AccessUnit | undefined;
  #aac: AacConfig | undefined;
  /** The next picture is the first behind the tables: decoders that begin there need the parameter sets, key frame or not. */
  #isFirst = false;
  readonly #parts: Uint8Array[] = [];
  /** Header of a sound, and the program config that some need behind it. */
  #adts = new Uint8Array(ADTS_BYTES);
  readonly #pictures = new PictureClock();
  readonly #samples = new SampleClock();
  /** Times of AAC are counted by samples instead of taken from the frames. */
  countsSamples = false;
  /** Frames that were damaged. */
  skipped = 0;

  /** The track that a frame belongs to, if transport streams can hold it here. */
  static trackOf({ kind, codec, track }: Frame): VideoTrack | AudioTrack | undefined {
    if (track !== 0) return undefined;
    if (kind === 'video') return codec === 'avc' || codec === 'hevc' ? codec : undefined;
    return kind === 'audio' && (codec === 'aac' || codec === 'mp3') ? codec : undefined;
  }

  get length(): number {
    return this.#writer.length;
  }

  begin(tracks: Tracks): void {
    this.#writer.begin(tracks);
    this.#isFirst = true;
  }

  take(): Buffer {
    return this.#writer.take();
  }

  /** Forgets the piece that was begun. */
  drop(): void {
    this.#writer.drop();
  }

  /**
   * Reads a codec configuration. @returns undefined when the frame holds none that counts here.
   * @throws {ProtocolError} AVC_CONFIG, HEVC_CONFIG, AAC_CONFIG
   */
  static read({ kind, codec, payload }: Frame): TrackConfig | undefined {
    if (kind === 'audio') {
      if (codec !== 'aac') return undefined;
      return { kind, config: readAacConfig(payload.subarray(Math.max(0, audioDataOffset(payload)))) };
    }
    const offset = videoDataOffset(payload);
    if (kind !== 'video' || offset < 0) return undefined;
    const record = payload.subarray(offset);
    if (codec === 'avc') {
      const { lengthSize, sps, pps } = readAvcConfig(record);
      return { kind, config: { track: 'avc', record, lengthSize, sets: [...sps, ...pps] } };
    }
    if (codec !== 'hevc') return undefined;
    const { lengthSize, sets } = readHevcConfig(record);
    return { kind, config: { track: 'hevc', record, lengthSize, sets } };
  }

  /** Frames that follow are coded so. */
  configure(read: TrackConfig): void {
    if (read.kind === 'video') {
      const before = this.#video?.config.record;
      this.#video = new AccessUnit(read.config);
      // Encoders repeat their configuration; only another one tells of other pictures.
      if (before === undefined || Buffer.compare(before, read.config.record) !== 0) this.#pictures.reset();
    } else {
      this.#aac = read.config;
      this.#adts = new Uint8Array(ADTS_BYTES + read.config.programConfig.length);
      this.#adts.set(read.config.programConfig, ADTS_BYTES);
      this.#samples.reset();
    }
  }

  /**
   * What a key frame begins: a group of pictures, or besides another sequence, of another size for one, without another
   * configuration. Nothing when there is no picture in it.
   */
  begins({ codec, payload }: Frame): 'nothing' | 'group' | 'sequence' {
    const offset = videoDataOffset(payload);
    const unit = this.#video;
    if (unit?.config.track !== codec || offset < 0 || !unit.read(payload, offset)) return 'group';
    if (!unit.hasPicture) return 'nothing';
    return unit.beginsSequence ? 'sequence' : 'group';
  }

  /** Writes a coded frame; counts what is damaged. */
  write(frame: Frame): Written {
    const done = frame.kind === 'video' ? this.#writeVideo(frame) : this.#writeAudio(frame);
    if (done === 'damaged') this.skipped++;
    return done;
  }

  #writeVideo(frame: Frame): Written {
    this.#video ??= new AccessUnit(unconfigured(frame.codec as VideoTrack));
    const unit = this.#video;
    const offset = videoDataOffset(frame.payload);
    if (unit.config.track !== frame.codec || offset < 0) return 'damaged';
    const randomAccess = frame.role === 'key';
    if (!unit.read(frame.payload, offset)) return 'damaged';
    const length = unit.complete(randomAccess || this.#isFirst);
    if (length === 0) return 'nothing';
    if (!unit.isConfigured) return 'damaged';
    this.#isFirst = false;
    this.#pictures.next(frame.dts * 90, frame.cts * 90);
    const { pts, dts, lag } = this.#pictures;
    this.#writer.lag = lag;
    this.#writer.write({ pid: Pid.video, pts, dts, randomAccess }, unit.parts, length);
    return 'written';
  }

  #writeAudio({ codec, payload, dts }: Frame): Written {
    const offset = audioDataOffset(payload);
    const bytes = payload.subarray(Math.max(0, offset));
    if (offset < 0) return 'damaged';
    if (bytes.length === 0) return 'nothing';
    const parts = this.#parts;
    parts.length = 0;
    let length = bytes.length;
    // Some encoders leave the header on, with or without a configuration besides.
    if (codec === 'aac' && !isAdts(bytes)) {
      length += this.#adts.length - ADTS_BYTES;
      if (this.#aac === undefined || !fitsAdts(length)) return 'damaged';
      writeAdts(this.#adts, 0, this.#aac, length);
      parts.push(this.#adts);
      length += ADTS_BYTES;
    }
    parts.push(bytes);
    const sent = dts * 90;
    const counted = this.countsSamples && codec === 'aac' && this.#aac !== undefined;
    const time = counted ? this.#samples.next(sent, coreRate(this.#aac as AacConfig)) : sent;
    this.#writer.write(
      { pid: codec === 'mp3' ? Pid.mp3 : Pid.aac, pts: time, dts: time, randomAccess: true },
      parts,
      length,
    );
    return 'written';
  }
}
