import { join } from 'node:path';
import { type Frame, type FrameKind, type Ms, secondsToMs } from '../../core/index.js';
import type { Log } from '../../kernel/index.js';
import type { FrameConsumer, LiveStream } from '../../stream/index.js';
import { Interleaver } from '../interleaver.js';
import { FileHeaders } from './file-headers.js';
import { readDvrPath, recordingPath } from './file-name.js';
import type { FlvContent } from './flv-content.js';
import type { DvrState, RecordedFile, RecorderEnvironment, RecorderSettings } from './ports.js';
import { RecorderHealth } from './recorder-health.js';
import { type Ended, Recording } from './recording.js';
import { StreamFile } from './stream-file.js';

/** Pictures that are away for so long, ms, have stopped: nothing waits for their key frames any more. */
const PATIENCE = 10_000;
/** Sound of before a cut comes so shortly after it, ms, or not at all. */
const LATE_SOUND = 1000;
/** Of codecs, within PATIENCE. */
const MOST_CHANGES = 10;
/** A disk that took so much is well again. */
const WELL = 2 ** 20;
/** Key frames in the index of a file: two hours of them at one in 2 s, then fewer. */
const MOST_KEYS = 3600;

/** What cannot change within a file. */
const placementOf = ({ dvr, utc }: RecorderSettings): string =>
  JSON.stringify([dvr.dvrPath, dvr.dvrPlan, dvr.timeJitter, utc]);

/** Writes a stream to files, one after another (spec/media.md §3.2). Nothing that happens to a file reaches the stream. */
export class StreamRecorder implements FrameConsumer {
  readonly #log: Log;
  readonly #health: RecorderHealth;
  #headers = new FileHeaders();
  #interleaver = new Interleaver();
  #file: StreamFile | undefined;
  /** The one before, for sound that comes late. */
  #former: { readonly file: StreamFile; readonly until: Ms; readonly why: string } | undefined;
  #lastPicture: Ms | undefined;
  /** Since when pictures are left out, for want of a key frame. */
  #waitsSince: Ms | undefined;
  /** Another file is due as soon as there is a place to cut. */
  #restartSince: Ms | undefined;
  #isRestartDue = false;
  /** Of these kinds the codec, or its configuration, is another one than that of the file. */
  readonly #changed = new Set<FrameKind>();
  /** When the codecs changed, lately. */
  #changes: readonly number[] = [];
  #files = 0;
  readonly #open = new Set<Promise<void>>();

  constructor(
    private readonly stream: LiveStream,
    private settings: RecorderSettings,
    private readonly env: RecorderEnvironment,
  ) {
    this.#log = env.log.child({ stream: stream.key });
    this.#health = new RecorderHealth(env.clock, this.#log);
    this.#log.info({ plan: planOf(settings), path: settings.dvr.dvrPath }, 'DVR started');
  }

  get state(): DvrState {
    const path = this.#file?.path;
    return {
      state: this.#health.isFailing ? 'failing' : path === undefined ? 'waiting' : 'recording',
      file: path ?? '',
      duration: (this.#file?.reached?.duration ?? 0) / 1000,
      bytes: this.#file?.reached?.size ?? 0,
      files: this.#files,
      failures: this.#health.failures,
      lastError: this.#health.lastError,
    };
  }

  // ---- frames

  onFrame(frame: Frame): void {
    const { kind, role, codec } = frame;
    if (role === 'end') return; // the file ends where it ends
    if (kind === 'data') return this.#data(frame);
    // Empty messages, as some encoders send for silence.
    if (codec === 'none') return;
    // Seek marks of legacy codecs describe nothing.
    if (role === 'meta' && kind === 'video' && (frame.payload[0] ?? 0) < 0x80) return;
    const turn = this.#hasPictures(frame) ? this.#interleaver.push(frame) : [...this.#interleaver.flush(), frame];
    for (const due of turn) this.#take(due);
  }

  /** The codecs may be others from now on; if they are not, the file goes on. */
  onRepublish(): void {
    this.#headers = new FileHeaders();
  }

  /** The encoder has left, and may come back: what it sent is written. */
  pause(): void {
    for (const frame of this.#interleaver.flush()) this.#take(frame);
    this.#closeFormer();
    this.flush();
  }

  flush(): void {
    this.#former?.file.flush();
    this.#file?.flush();
  }

  #data(frame: Frame): void {
    if (frame.role !== 'meta') return void this.#file?.append(frame);
    this.#headers.set(frame);
    this.#file?.header(frame);
  }

  #take(frame: Frame): void {
    if (frame.role === 'config' || frame.role === 'meta') {
      this.#headers.set(frame);
      if (this.#file?.header(frame) === false) this.#changed.add(frame.kind);
      return;
    }
    if (frame.kind === 'video') this.#lastPicture = frame.dts;
    if (this.#isOfFormer(frame)) return;
    if (this.#changed.has(frame.kind)) this.#cutForCodec(frame);
    else if (this.#isCutDue(frame))
      this.#cut(frame, this.#isRestartDue ? 'the configuration changed' : 'dvr_duration is over');
    if (this.#write(frame)) return;
    // Another codec, and one without configurations: those of the one before do not describe it.
    this.#headers.turnTo(frame);
    this.#changed.add(frame.kind);
    this.#cutForCodec(frame);
    this.#write(frame);
  }

  /** @returns false when the file cannot take it. */
  #write(frame: Frame): boolean {
    if (this.#isLeftOut(frame)) return true;
    if (this.#file === undefined) this.#begin(frame);
    return this.#file?.append(frame) !== false;
  }

  /** Pictures come, so files are cut at them and sound waits for them. */
  #hasPictures({ kind, dts }: Frame): boolean {
    return kind === 'video' || (this.#lastPicture !== undefined && dts - this.#lastPicture < PATIENCE);
  }

  // ---- cutting

  #isCutDue(frame: Frame): boolean {
    const { dvrDuration } = this.settings.dvr;
    if (this.#isRestartDue) {
      this.#restartSince ??= frame.dts;
      if (this.#isCutPoint(frame) || frame.dts - this.#restartSince >= PATIENCE) return true;
    }
    const since = this.#file?.since ?? frame.dts;
    return (
      planOf(this.settings) === 'segment' && frame.dts - since >= secondsToMs(dvrDuration) && this.#isCutPoint(frame)
    );
  }

  #isCutPoint(frame: Frame): boolean {
    if (frame.kind === 'video') return frame.role === 'key' || !this.settings.dvr.dvrWaitKeyframe;
    return !this.#hasPictures(frame);
  }

  #cut({ kind, dts }: Frame, why: string): void {
    const file = this.#file;
    if (file === undefined) return;
    this.#closeFormer();
    this.#file = undefined;
    this.#former = { file, until: dts, why };
    if (!file.hasSound || kind === 'audio' || this.#changed.has('audio')) this.#closeFormer();
  }

  /** A stream that changes its codecs with every frame would fill the disk with files. */
  #cutForCodec(frame: Frame): void {
    this.#cut(frame, 'the codec changed');
    this.#changed.clear();
    const now = this.env.clock.now();
    this.#changes = [...this.#changes.filter((at) => now - at < PATIENCE), now];
    if (this.#changes.length > MOST_CHANGES) this.#rest('the codecs change too often');
  }

  /** Sound of before a cut that comes behind the first picture after it belongs to the file that was cut. */
  #isOfFormer(frame: Frame): boolean {
    const former = this.#former;
    if (former === undefined) return false;
    const { kind, dts } = frame;
    if (kind === 'audio' && dts < former.until) return former.file.append(frame);
    if (kind === 'audio' || dts - former.until >= LATE_SOUND) this.#closeFormer();
    return false;
  }

  #closeFormer(): void {
    const former = this.#former;
    this.#former = undefined;
    former?.file.close(former.why);
  }

  #close(why: string): void {
    const file = this.#file;
    this.#file = undefined;
    file?.close(why);
  }

  // ---- beginning

  /** What a file does not begin with: pictures before its first key frame, and anything while the disk gets a rest. */
  #isLeftOut(frame: Frame): boolean {
    if (this.#file === undefined && this.#health.isFailing) {
      // Not before the disk is done with the one that failed: it may stand still.
      if (this.#health.isResting || this.#open.size > 0) return true;
      if (frame.kind === 'audio' && this.#hasPictures(frame)) return true;
    }
    if (frame.kind !== 'video' || this.#file?.hasPictures === true) return false;
    this.#waitsSince ??= frame.dts;
    const isLost = frame.role !== 'key' && this.settings.dvr.dvrWaitKeyframe;
    // A stream without key frames (intra refresh) is recorded anyway.
    if (isLost && frame.dts - this.#waitsSince < PATIENCE) return true;
    this.#waitsSince = undefined;
    return false;
  }

  #begin(frame: Frame): void {
    // Else a file of headers alone would come before it.
    this.#headers.turnTo(frame);
    const { dts } = frame;
    const { dvr, utc } = this.settings;
    const { directory, pattern } = readDvrPath(dvr.dvrPath);
    const at = this.env.clock.wall();
    const path = recordingPath(pattern, this.stream.name, at, utc);
    const root = this.env.root(directory);
    const announce = this.env.announcer(this.stream);
    const isRetry = this.#health.isFailing;
    let over = (): void => undefined;
    const open = new Promise<void>((resolve) => {
      over = resolve;
    });
    const file: StreamFile = new StreamFile(dts, new FileHeaders(this.#headers), {
      directory,
      clock: dvr.timeJitter,
      room: planOf(this.settings) === 'segment' ? Math.min(MOST_KEYS, 16 + 2 * Math.ceil(dvr.dvrDuration)) : MOST_KEYS,
      now: () => this.env.clock.now(),
      start: (content: FlvContent) => {
        this.#open.add(open);
        return new Recording(root, content, path, at, isRetry, {
          written: (bytes) => {
            this.env.totals.bytes += bytes;
            if (isRetry && content.reached.size >= WELL) this.#health.recovered();
          },
          failed: (why) => this.#failed(file, why),
          ended: (end) => {
            this.#open.delete(open);
            over();
            if (end.path !== undefined) this.#ended(file, join(directory, end.path), end, announce);
            else if (end.unnamed !== undefined)
              this.#log.warn(
                { file: file.path, why: end.unnamed },
                'recording keeps .tmp behind its name until the next start',
              );
            if (isRetry && end.isWhole) this.#health.recovered();
          },
        });
      },
    });
    this.#file = file;
    this.#changed.clear();
    this.#isRestartDue = false;
    this.#restartSince = undefined;
  }

  // ---- what becomes of files

  #failed(file: StreamFile, why: string): void {
    this.#rest(why, file.path);
    if (this.#file === file) this.#file = undefined;
    if (this.#former?.file === file) this.#former = undefined;
    file.close(why);
  }

  #rest(why: string, file?: string): void {
    this.#health.failed(why, file);
    this.env.totals.failures++;
  }

  #ended({ why }: StreamFile, file: string, end: Ended, announce: (recorded: RecordedFile) => void): void {
    const recorded = { file, duration: end.duration / 1000, bytes: end.size };
    this.#files++;
    this.env.totals.files++;
    this.#log.info({ ...recorded, why }, 'recorded');
    announce(recorded);
  }

  // ---- the server

  /** The configuration changed: another file begins at the next place to cut, where that matters to it. */
  reconfigure(settings: RecorderSettings): void {
    if (placementOf(settings) !== placementOf(this.settings)) {
      this.#isRestartDue = true;
      this.#health.retry();
    }
    this.settings = settings;
  }

  /** The last file is closed. @returns when nothing of it is open any more. */
  async end(why: string): Promise<void> {
    this.pause();
    this.#close(why);
    await Promise.all(this.#open);
    this.#log.info({ files: this.#files, failures: this.#health.failures, why }, 'DVR ended');
  }
}

/** What was removed is as `session`. */
const planOf = ({ dvr }: RecorderSettings): 'session' | 'segment' =>
  dvr.dvrPlan === 'segment' ? 'segment' : 'session';
