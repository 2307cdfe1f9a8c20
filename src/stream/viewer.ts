import type { Payload } from '../core/index.js';
import type { WireLog } from './wire-log.js';

/** The socket as a viewer sees it; implemented by the link room. */
export interface ViewerSink {
  /** False while the socket asks to wait; then `onDrain` is due. Never written to while false. */
  readonly writable: boolean;
  /** Bytes that wait in user space. */
  readonly queued: number;
  /** Identifies the socket in the kernel's tables, as /proc/net/tcp prints it: `LOCAL:PORT REMOTE:PORT`. */
  readonly kernelKey: string | undefined;
  write(bytes: Buffer): void;
  /** Writes between these two leave in one system call. */
  cork(): void;
  uncork(): void;
  /** The viewer is stuck for good: close it and say why. */
  fail(reason: string): void;
}

/**
 * `live` follows the log; `waiting` hears audio and sees headers until the next key frame;
 * `paused` holds its position (a player's pause).
 */
export type ViewerState = 'live' | 'waiting' | 'paused';

/** What the owner of a viewer wants to hear; called rarely, never per frame. */
export interface ViewerEvents {
  /** The viewer fell behind its bound and jumps (or will jump) to a key frame; once per episode. */
  fellBehind?(viewer: Viewer): void;
}

/**
 * A socket and a position in a log: no queue, no encoding, no copy of its own.
 * All fields are the log's to change.
 */
export class Viewer {
  log: WireLog | undefined;
  /** Index in the log's list of viewers, for removal in O(1). */
  index = -1;
  state: ViewerState = 'live';
  /** Sequence number of the next batch to send. */
  position = 0;
  /** Bytes of that batch which were sent already, while it was still open. */
  offset = 0;
  /** The peer's kernel buffers are too far behind: nothing is written until they drain. */
  stalled = false;
  /** Bytes handed to the socket, and bytes that the peer is known to have. */
  sent = 0;
  confirmed = 0;
  /** When `confirmed` or writability last moved on, monotonic ms; 0 while there is nothing to prove. */
  stuckSince = 0;
  /** Since when the viewer waits for a key frame, on the stream's clock. */
  waitingSince = 0;
  /** Bytes that were on their way to the peer when last looked at. */
  backlog = 0;
  /** It missed what its log wrote for those who wait: headers go out before its next batch. */
  lacksHeaders = false;
  drops = 0;
  behind = false;

  constructor(
    public sink: ViewerSink,
    readonly events: ViewerEvents = {},
  ) {}

  /** The peer acknowledged `total` bytes of media (RTMP Acknowledgement, corrected for what came before). */
  confirm(total: number): void {
    if (total > this.confirmed) this.confirmed = Math.min(total, this.sent);
  }

  /** Tells the owner that the viewer is too slow, once until it has caught up. */
  noteBehind(): void {
    if (this.behind) return;
    this.behind = true;
    this.events.fellBehind?.(this);
  }

  /** The socket can take bytes again. */
  drained(): void {
    this.log?.pump(this);
  }

  get ready(): boolean {
    return this.state === 'live' && !this.stalled && this.sink.writable;
  }

  write(bytes: Buffer | Payload): void {
    this.sent += bytes.length;
    this.sink.write(bytes as Buffer);
  }
}
