import { type Ms, ms } from '../../core/index.js';
import type { Clock, Timer } from '../../kernel/index.js';
import type { RtmpLink } from '../../link/index.js';
import { fillingCall, testCall } from './calls.js';

/** Of each direction. */
const DURATION = ms(3000);
const ANSWER_WITHIN = ms(6000);
/** The client may read the last call before the connection ends. */
const BEFORE_CLOSE = ms(600);
const TICK = ms(20);
/** Written in one turn at most, so that a test holds up no stream. */
const BYTES_PER_TICK = 256 * 1024;
const REST = ms(100);

/** What a test found; kbps is bytes · 8 / ms. */
export interface TestResult {
  readonly playKbps: number;
  readonly publishKbps: number;
}

/** What a client has to say next, and what follows. */
interface Awaited {
  readonly call: string;
  readonly then: () => void;
}

/** The connection, as a test uses it. */
export type TestedLink = Pick<RtmpLink, 'send' | 'bytesIn' | 'bytesOut' | 'queued' | 'writable' | 'reading'> & {
  readonly watch: Pick<RtmpLink['watch'], 'expect'>;
};

/**
 * One bandwidth test: 3 s of calls from the server, then 3 s of calls from the client, and the result
 * (spec/rtmp.md §12). Calls that are not awaited are left out.
 */
export class BandwidthTest {
  #awaited: Awaited | undefined;
  #timer: Timer | undefined;
  #isPublishing = false;
  /** Of the direction that is measured: its begin, and what the connection had counted by then. */
  #since = 0;
  #bytesBefore = 0;
  readonly #begin: number;
  #played = { bytes: 0, time: 0 };

  constructor(
    private readonly link: TestedLink,
    private readonly limitKbps: number,
    /** Flash players do not answer at the end of their sending, and end by themselves. */
    private readonly isFlash: boolean,
    private readonly clock: Clock,
    private readonly done: (result: TestResult) => void,
  ) {
    this.#begin = clock.wall();
  }

  start(): void {
    this.link.send(testCall('onSrsBandCheckStartPlayBytes', this.#request()));
    this.#await('onSrsBandCheckStartingPlayBytes', () => this.#play());
  }

  /** A call of the client. */
  call(name: string): void {
    if (this.#isPublishing && name === 'onSrsBandCheckStopPublishBytes') return this.#publishedAll();
    const awaited = this.#awaited;
    if (awaited?.call !== name) return;
    this.#awaited = undefined;
    awaited.then();
  }

  /** What the client has sent so far was handled, calls or not: beyond the limit nothing more is read for a while. */
  settled(): void {
    if (this.#isPublishing && this.#isOver(this.link.bytesIn)) this.link.reading.rest(REST);
  }

  /** The connection is over. */
  stop(): void {
    this.#timer?.cancel();
    this.#awaited = undefined;
    this.#isPublishing = false;
  }

  #request = () => ({ limit_kbps: this.limitKbps, duration_ms: DURATION, interval_ms: 0 });

  #await(call: string, then: () => void): void {
    this.#awaited = { call, then };
    this.link.watch.expect(call, ANSWER_WITHIN);
  }

  #measureFrom(bytes: number): void {
    this.#since = this.clock.now();
    this.#bytesBefore = bytes;
    this.link.watch.expect('the end of the bandwidth test', ms(DURATION + ANSWER_WITHIN));
  }

  #elapsed(): Ms {
    return ms(this.clock.now() - this.#since);
  }

  #isOver(bytes: number): boolean {
    return (bytes - this.#bytesBefore) * 8 > this.limitKbps * this.#elapsed();
  }

  // ---- from the server

  #play(): void {
    this.#measureFrom(this.link.bytesOut);
    let n = 0;
    this.#timer = this.clock.every(TICK, () => {
      if (this.#elapsed() >= DURATION) return this.#playedAll();
      const { link } = this;
      const most = link.bytesOut + BYTES_PER_TICK;
      while (link.writable && link.bytesOut < most && !this.#isOver(link.bytesOut)) link.send(fillingCall(n++));
    });
  }

  #playedAll(): void {
    this.#timer?.cancel();
    const { link } = this;
    const time = Math.round(this.#elapsed());
    this.#played = { bytes: link.bytesOut - link.queued, time };
    link.send(testCall('onSrsBandCheckStopPlayBytes', this.#sample(time, link.bytesOut - this.#bytesBefore)));
    this.#await('onSrsBandCheckStoppedPlayBytes', () => {
      link.send(testCall('onSrsBandCheckStartPublishBytes', this.#request()));
      this.#await('onSrsBandCheckStartingPublishBytes', () => this.#publish());
    });
  }

  #sample = (time: number, bytes: number) => ({
    duration_ms: DURATION,
    interval_ms: 0,
    duration_delta: time,
    bytes_delta: bytes,
  });

  // ---- from the client

  #publish(): void {
    this.#measureFrom(this.link.bytesIn);
    this.#isPublishing = true;
    this.#timer = this.clock.after(DURATION, () => this.#publishedAll());
  }

  #publishedAll(): void {
    if (!this.#isPublishing) return;
    this.#isPublishing = false;
    this.#timer?.cancel();
    const { link } = this;
    const published = { bytes: link.bytesIn, time: Math.max(1, Math.round(this.#elapsed())) };
    link.send(
      testCall('onSrsBandCheckStopPublishBytes', this.#sample(published.time, link.bytesIn - this.#bytesBefore)),
    );
    if (this.isFlash) this.#finish(published);
    else this.#await('onSrsBandCheckStoppedPublishBytes', () => this.#finish(published));
  }

  #finish(published: { readonly bytes: number; readonly time: number }): void {
    const kbps = ({ bytes, time }: typeof published): number => Math.round((bytes * 8) / time);
    const result = { playKbps: kbps(this.#played), publishKbps: kbps(published) };
    this.link.send(
      testCall('onSrsBandCheckFinished', {
        start_time: this.#begin,
        end_time: this.clock.wall(),
        play_kbps: result.playKbps,
        publish_kbps: result.publishKbps,
        play_bytes: this.#played.bytes,
        publish_bytes: published.bytes,
        play_time: this.#played.time,
        publish_time: published.time,
      }),
    );
    // Whether the client says finalClientPacket or nothing: it has so long to read the result.
    this.#timer = this.clock.after(BEFORE_CLOSE, () => this.done(result));
  }
}
