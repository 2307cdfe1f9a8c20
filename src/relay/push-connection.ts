import { type Log, SrsError } from '../kernel/index.js';
import { type ClientOptions, RtmpClient } from '../link/index.js';
import { type LiveStream, RtmpPushFormat, Viewer } from '../stream/index.js';
import type { Destination } from './destination.js';

/** How a connection is made, and who hears of its end. */
export interface PushOptions
  extends Pick<ClientOptions, 'chunkSize' | 'deadlines' | 'tls' | 'mayConnect' | 'timeout' | 'identity'> {
  /** Names the push in the log: `forward`. */
  readonly what: string;
  /** Told to the destination, should it forward the stream in turn (RelayTrail). */
  readonly trail: string;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** The stream is published there no more; not called when `open` fails, nor after `finish`. */
  lost(reason: Error): void;
  /** The socket is gone, whatever happened before. */
  gone(): void;
}

/** A stream published at a destination: a connection, and a viewer that reads the stream's log into it. */
export class PushConnection {
  private readonly viewer: Viewer;

  private constructor(
    private readonly client: RtmpClient,
    private readonly stream: LiveStream,
    what: string,
    log: Log,
  ) {
    this.viewer = new Viewer(client.link, {
      fellBehind: ({ backlog, drops }) =>
        log.warn({ backlog, drops }, `${what}: the destination is too slow, it will go on at a key frame`),
    });
  }

  /** Connects, and announces the stream; nothing of it is sent before `start`. @throws {SrsError} */
  static async open(stream: LiveStream, { url, tcUrl }: Destination, options: PushOptions): Promise<PushConnection> {
    const { what, chunkSize, deadlines, tls, mayConnect, timeout, identity, trail, log, signal, lost, gone } = options;
    let said = '';
    let mediaAt = 0;
    let open: PushConnection | undefined;
    const client = await RtmpClient.connect(url, {
      properties: { srs_trail: trail, ...(tcUrl !== undefined && { tcUrl }) },
      signal,
      ...(chunkSize !== undefined && { chunkSize }),
      ...(deadlines !== undefined && { deadlines }),
      ...(tls !== undefined && { tls }),
      ...(mayConnect !== undefined && { mayConnect }),
      ...(timeout !== undefined && { timeout }),
      ...(identity !== undefined && { identity }),
      onStatus: (_, description) => {
        said = description;
      },
      onDrain: () => open?.viewer.drained(),
      onAcknowledged: (total) => open?.viewer.confirm(total - mediaAt),
      onClose: (reason) => {
        gone();
        // Before it was open the failed call tells more.
        if (open !== undefined) lost(reason ?? closed(said));
      },
    });
    try {
      await client.publish();
    } catch (error) {
      client.close(); // who refuses a stream may keep the connection open
      throw error;
    }
    if (client.link.isClosed) throw closed(said);
    said = '';
    mediaAt = client.link.bytesOut;
    open = new PushConnection(client, stream, what, log);
    return open;
  }

  /** Metadata, sequence headers, and the stream from the newest key frame on. */
  start(): void {
    const { client, stream } = this;
    stream.join(this.viewer, new RtmpPushFormat(client.link.outChunkSize, client.streamId));
  }

  /** Address of the other side. */
  get peer(): string {
    return this.client.link.remote;
  }

  /** Bytes of media so far. */
  get sent(): number {
    return this.viewer.sent;
  }

  get drops(): number {
    return this.viewer.drops;
  }

  get lagMs(): number {
    return this.viewer.log?.lagOf(this.viewer) ?? 0;
  }

  /** Takes nothing more from the stream. */
  leave(): void {
    this.stream.leave(this.viewer);
  }

  /** Tells the destination that the stream ends there, and closes. */
  finish(): void {
    this.leave();
    this.client.finish();
  }
}

const closed = (said: string): SrsError =>
  new SrsError('CLOSED', `the destination closed the connection${said === '' ? '' : `: ${said}`}`);
