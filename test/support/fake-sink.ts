import type { ViewerSink } from '../../src/stream/viewer.js';
import type { FakeClock } from './fake-clock.js';

/** A socket of a viewer that takes what the test lets it take. */
export class FakeSink implements ViewerSink {
  /** Bytes the socket takes before it asks to wait. */
  room = Number.POSITIVE_INFINITY;
  queued = 0;
  kernelKey: string | undefined;
  text = '';
  writes = 0;
  failed: string | undefined;

  get writable(): boolean {
    return this.queued === 0;
  }

  write(bytes: Buffer): void {
    if (!this.writable) throw new Error('written to while the socket asked to wait');
    this.writes++;
    this.text += bytes.toString('latin1');
    this.room -= bytes.length;
    if (this.room < 0) this.queued = -this.room;
  }

  cork(): void {}
  uncork(): void {}

  drain(): void {
    this.queued = 0;
    this.room = Number.POSITIVE_INFINITY;
  }

  fail(reason: string): void {
    this.failed = reason;
  }

  /** What arrived since the last look, as `kind:role@dts`. */
  take(): string[] {
    const seen = this.text
      .split(';')
      .map((s) => s.replace(/^\.+/, ''))
      .filter((s) => s !== '');
    this.text = '';
    return seen;
  }
}

/** Every write takes a while, so that a pass over more viewers than a slice takes several turns of the loop. */
export class CostlySink extends FakeSink {
  constructor(private readonly clock: FakeClock) {
    super();
  }

  override write(bytes: Buffer): void {
    super.write(bytes);
    this.clock.advance(0.2);
  }
}
