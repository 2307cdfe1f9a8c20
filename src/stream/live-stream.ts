import { type Frame, type FrameInfo, type FrameRole, type Ms, ms, type Payload } from '../core/index.js';
import { type Clock, RefusedError, type Timer } from '../kernel/index.js';
import { readAudioTag, readVideoTag } from '../protocol/flv/index.js';
import { MAX_GOP } from './batch-queue.js';
import type { FanoutGovernor } from './fanout-governor.js';
import { GopCache } from './gop-cache.js';
import { HeaderCache, headerSlot } from './header-cache.js';
import { KeyGate } from './key-gate.js';
import { readMetadata, type ServerTags, stripSetDataFrame } from './metadata.js';
import { MixQueue } from './mix-queue.js';
import { Publication, type PublishOwner } from './publication.js';
import { ShownTracks } from './shown-tracks.js';
import { MediaMeter } from './statistics/media-meter.js';
import { type StreamName, streamKey } from './stream-name.js';
import type { StreamSettings } from './stream-settings.js';
import { Timeline, timelineMode } from './timeline.js';
import type { Viewer } from './viewer.js';
import type { WireFormat } from './wire-format.js';
import { WireLog, type WireLogSettings } from './wire-log.js';

const GOP_BYTES = 64 * 2 ** 20;
const LOG_BYTES = 96 * 2 ** 20;

/** An output inside this process, such as HLS: called once per frame, synchronously, and must not block. */
export interface FrameConsumer {
  onFrame(frame: Frame): void;
  /** Another publish follows in the same stream: expect new configurations. */
  onRepublish?(): void;
}

/** What a stream needs from the hub that holds it, which hears how it goes on. */
export interface StreamEnvironment {
  readonly clock: Clock;
  readonly governor: FanoutGovernor;
  readonly serverTags: ServerTags;
  /** The stream has neither publisher, viewers nor consumers left. */
  idle(stream: LiveStream): void;
  published?(stream: LiveStream): void;
  unpublished?(stream: LiveStream): void;
  ended?(stream: LiveStream): void;
}

/**
 * One stream, from its first user to its last. It outlives its publishers: viewers stay attached over a republish and
 * see one clock that never goes back (architecture: publisher continuity).
 */
export class LiveStream {
  readonly key: string;
  readonly name: StreamName;
  /** What the stream consists of. */
  readonly meter = new MediaMeter();
  readonly #shown = new ShownTracks(this.meter);
  readonly #timeline: Timeline;
  readonly #headers = new HeaderCache();
  readonly #gate = new KeyGate();
  readonly #logs = new Map<string, WireLog>();
  readonly #consumers = new Set<FrameConsumer>();
  #gop: GopCache;
  #mix: MixQueue | undefined;
  #publication: Publication | undefined;
  #published = 0;
  #grace: Timer | undefined;
  #atcByMetadata = false;
  /** The current publish has sent pictures. */
  #videoRunning = false;
  /** Lowest video track with a key frame in this publish. */
  #leadTrack = Number.POSITIVE_INFINITY;

  constructor(
    { vhost, app, stream }: StreamName,
    private settings: StreamSettings,
    private readonly env: StreamEnvironment,
  ) {
    // No more than the name: what else comes with it, as facts of a client do, is not the stream's.
    this.name = { vhost, app, stream };
    this.key = streamKey(this.name);
    this.#timeline = new Timeline(timelineMode(settings));
    this.#gop = this.#makeGop();
    if (settings.mixCorrect) this.#mix = new MixQueue();
  }

  // ---- publishing

  /** Somebody publishes, or left so shortly ago that he may come back. */
  get isLive(): boolean {
    return this.#publication !== undefined || this.#grace !== undefined;
  }

  /** Metadata and codec configurations of the running publish. */
  get headers(): readonly Frame[] {
    return this.#headers.snapshot;
  }

  get publication(): Publication | undefined {
    return this.#publication;
  }

  /**
   * Takes the stream's lock for `owner`. With `policy takeover` the former publisher is evicted first.
   * @throws {RefusedError} STREAM_BUSY with `policy reject` while another publishes.
   */
  publish(owner: PublishOwner): Publication {
    const former = this.#publication;
    if (former !== undefined) {
      if (this.settings.policy === 'reject')
        throw new RefusedError('STREAM_BUSY', `stream ${this.key} already has a publisher`, { stream: this.key });
      former.evict(owner.id);
    }
    this.#grace?.cancel();
    this.#grace = undefined;
    if (this.#published++ > 0) for (const consumer of this.#consumers) consumer.onRepublish?.();
    this.#timeline.beginPublish();
    this.#gate.close();
    this.#videoRunning = false;
    this.#leadTrack = Number.POSITIVE_INFINITY;
    this.#gop.clear();
    this.#headers.clear();
    this.meter.beginPublish();
    this.#shown.changed();
    for (const log of this.#logs.values()) log.beginPublish();
    const publication = new Publication(this, owner, this.env.clock.wall());
    this.#publication = publication;
    this.env.published?.(this);
    return publication;
  }

  /** Called by the publication when it is released, whatever the reason; never twice. */
  unpublished(publication: Publication): void {
    if (this.#publication !== publication) return;
    for (const frame of this.#mix?.drain() ?? []) this.#deliver(frame);
    this.#publication = undefined;
    this.#gop.clear();
    this.#videoRunning = false;
    for (const log of this.#logs.values()) log.endPublish();
    this.#grace = this.env.clock.after(this.settings.grace, () => {
      this.#grace = undefined;
      this.#headers.clear();
      this.env.ended?.(this);
      this.releaseIfIdle();
    });
    this.env.unpublished?.(this);
  }

  /** One audio or video message of the publisher. @param wire its 32-bit timestamp. */
  media(kind: 'audio' | 'video', wire: number, payload: Payload): void {
    const info: FrameInfo = kind === 'video' ? readVideoTag(payload) : readAudioTag(payload);
    // Configurations often carry time 0 while media starts elsewhere: they do not move the clock.
    const dts =
      info.role === 'config' || info.role === 'meta' || info.role === 'end'
        ? this.#timeline.last
        : this.#timeline.stamp(kind, wire, this.env.clock.now());
    const role = kind === 'video' && info.role === 'key' ? this.#keyRole(info.track) : info.role;
    const frame: Frame = { kind, dts, cts: info.cts, codec: info.codec, role, track: info.track, payload };
    if (!this.#gate.admits(frame)) return;
    if (this.#mix === undefined) this.#deliver(frame);
    else {
      const due = this.#mix.push(frame);
      if (due !== undefined) this.#deliver(due);
    }
  }

  /**
   * The key frames of several tracks come one right behind the other (OBS multitrack). Only the lowest track's starts
   * a group of pictures: were each to start one, a newcomer would miss all but the last (reliability R14).
   */
  #keyRole(track: number): FrameRole {
    if (track < this.#leadTrack) this.#leadTrack = track;
    return track === this.#leadTrack ? 'key' : 'inter';
  }

  /**
   * A data message: metadata is cached and marked as ours, everything else is relayed.
   * @returns false when it is metadata that cannot be read: a stream does without.
   */
  data(name: string, body: Payload): boolean {
    const metadata = readMetadata(name, body, this.env.serverTags);
    if (metadata === 'unreadable') return false;
    if (metadata !== undefined && this.settings.atcAuto && metadata.atc !== this.#atcByMetadata) {
      this.#atcByMetadata = metadata.atc;
      this.#timeline.setMode(timelineMode({ ...this.settings, atc: metadata.atc || this.settings.atc }));
    }
    this.#deliver({
      kind: 'data',
      // ffmpeg takes metadata at any other time for a subtitle track.
      dts: metadata === undefined ? this.#timeline.last : ms(0),
      cts: ms(0),
      codec: 'amf0',
      role: metadata === undefined ? 'audio' : 'meta',
      track: 0,
      payload: metadata?.payload ?? stripSetDataFrame(name, body),
    });
    return true;
  }

  #deliver(frame: Frame): void {
    const wasShown = this.#shown.has(frame);
    this.meter.count(frame);
    const slot = headerSlot(frame);
    if (slot !== undefined) {
      const update = this.#headers.update(frame, slot);
      if (update === 'same' && this.settings.reduceSequenceHeader) return;
      if (update === 'refused')
        this.#publication?.complain('metadata and codec configurations are too large to be kept for who comes later');
    } else this.#headers.media(frame);
    if (frame.kind === 'video' && (frame.role === 'key' || frame.role === 'inter')) this.#videoRunning = true;
    const headers = this.#headers.snapshot;
    const startLost = !this.#gop.add(frame, headers);
    for (const consumer of this.#consumers) consumer.onFrame(frame);
    const isFirst = !wasShown && this.#shown.has(frame);
    if (isFirst) this.#shown.changed();
    for (const log of this.#logs.values()) {
      this.#shown.append(log, frame, headers, isFirst);
      if (startLost) log.forgetStart();
    }
  }

  /** The end of one read of the publisher's socket: what came in it may leave. */
  settle(): void {
    for (const log of this.#logs.values()) log.settle();
  }

  // ---- viewing

  get logs(): Iterable<WireLog> {
    return this.#logs.values();
  }

  /** Attaches a viewer; without a publisher it waits for one. */
  join(viewer: Viewer, format: WireFormat): void {
    const headers = this.#publication === undefined ? [] : this.#shown.of(this.#headers.snapshot, format);
    this.#logFor(format).join(viewer, headers);
  }

  /** Moves a viewer to another selection or chunk size, at the end of what it has. */
  change(viewer: Viewer, format: WireFormat): void {
    if (viewer.log?.format.id === format.id) return;
    const seamless = viewer.log?.settleFor(viewer) === true && viewer.log.format.selection === format.selection;
    this.#detach(viewer);
    const log = this.#logFor(format);
    log.flush();
    log.enter(viewer, seamless);
  }

  /** What a pass that is under way has not brought it yet leaves first, if its socket takes it. */
  leave(viewer: Viewer): void {
    viewer.drained();
    this.#detach(viewer);
    this.releaseIfIdle();
  }

  #detach(viewer: Viewer): void {
    const log = viewer.log;
    if (log === undefined) return;
    log.leave(viewer);
    if (log.viewers.length > 0) return;
    log.close();
    this.#logs.delete(log.format.id);
  }

  #logFor(format: WireFormat): WireLog {
    let log = this.#logs.get(format.id);
    if (log === undefined) {
      log = new WireLog(format, this.env.clock, this.env.governor, this.#logSettings());
      const frames = this.#shown.of(this.#gop.frames, format);
      const headers = this.#shown.of(this.#gop.headers, format);
      log.prime(frames, headers, this.#videoRunning, this.#timeline.last);
      this.#logs.set(format.id, log);
    }
    return log;
  }

  addConsumer(consumer: FrameConsumer): void {
    this.#consumers.add(consumer);
    if (this.#publication === undefined) return;
    const headers = this.#gop.frames.length > 0 ? this.#gop.headers : this.#headers.snapshot;
    for (const frame of [...headers, ...this.#gop.frames]) consumer.onFrame(frame);
  }

  removeConsumer(consumer: FrameConsumer): void {
    this.#consumers.delete(consumer);
    this.releaseIfIdle();
  }

  /** Applies changed settings to the running stream; viewers and publisher stay. */
  reconfigure(settings: StreamSettings): void {
    this.settings = settings;
    this.#timeline.setMode(timelineMode({ ...settings, atc: settings.atc || this.#atcByMetadata }));
    const gop = this.#makeGop();
    if (settings.gopCache) for (const frame of this.#gop.frames) gop.add(frame, this.#gop.headers);
    this.#gop = gop;
    if (!settings.mixCorrect) for (const frame of this.#mix?.drain() ?? []) this.#deliver(frame);
    this.#mix = settings.mixCorrect ? (this.#mix ?? new MixQueue()) : undefined;
    for (const log of this.#logs.values()) log.reconfigure(this.#logSettings());
  }

  /** Sends what is still open, so that players get their last bytes at shutdown. */
  flush(): void {
    for (const log of this.#logs.values()) log.flush();
  }

  /** Frees timers; used at shutdown only. */
  close(): void {
    this.#grace?.cancel();
    for (const log of this.#logs.values()) log.close();
    this.#logs.clear();
  }

  #makeGop(): GopCache {
    const limits = { frames: this.settings.gopCacheMaxFrames, bytes: GOP_BYTES, span: ms(MAX_GOP) };
    return new GopCache(limits, this.settings.gopCache);
  }

  #logSettings(): WireLogSettings {
    const { queueLength, mwLatency, minLatency, sendMinInterval, gopCache } = this.settings;
    return {
      maxLag: queueLength,
      maxBytes: LOG_BYTES,
      window: mwLatency,
      minLatency,
      minInterval: sendMinInterval,
      startFromCache: gopCache,
    };
  }

  /** Frees the stream when nobody uses it; also after a publish or play that failed on the way. */
  releaseIfIdle(): void {
    const inUse =
      this.#publication !== undefined || this.#grace !== undefined || this.#logs.size > 0 || this.#consumers.size > 0;
    if (!inUse) this.env.idle(this);
  }

  /** Time of the first frame that a newcomer gets now. */
  get startTime(): Ms {
    return this.#gop.frames[0]?.dts ?? this.time;
  }

  /** Newest time given out. */
  get time(): Ms {
    return this.#timeline.last;
  }
}
