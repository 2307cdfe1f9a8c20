import type { Ms, Payload } from '../core/index.js';
import type { AmfObject, AmfValue } from '../protocol/amf/index.js';
import type { Deadlines } from './deadlines.js';

/** A message of a played stream, or one to publish: the FLV tag body with its 32-bit timestamp in ms. */
export interface MediaMessage {
  readonly kind: 'audio' | 'video' | 'data';
  readonly timestamp: number;
  readonly payload: Uint8Array;
}

/** What a server sends of a played stream; nobody writes to its bytes any more. */
export interface ReceivedMedia extends MediaMessage {
  readonly payload: Payload;
  /** Of a data message, e.g. `onMetaData`; '' for audio and video. */
  readonly name: string;
}

export interface ClientOptions {
  /** Whole time for connecting, and for each later call. Default 10 s. */
  readonly timeout?: Ms;
  readonly handshake?: 'complex' | 'simple';
  /** Outgoing chunk size; default 60000. */
  readonly chunkSize?: number;
  /** Further properties of the connect object, e.g. `pageUrl`. */
  readonly properties?: Readonly<Record<string, AmfValue>>;
  /** The connect command's second object, e.g. the identity that one server tells another: by the local address. */
  readonly identity?: (localAddress: string) => AmfObject;
  /** Called for every audio, video and data message of a played stream; aggregates are taken apart. */
  readonly onMedia?: (message: ReceivedMedia) => void;
  /** Called when all messages that came together have been told. */
  readonly onSettled?: () => void;
  /** Called for every onStatus, e.g. `NetStream.Play.Start`. */
  readonly onStatus?: (code: string, description: string) => void;
  /** Called once when the connection is gone; without a reason for an orderly end. */
  readonly onClose?: (reason: Error | undefined) => void;
  /** Called when a socket that asked to wait can take bytes again. */
  readonly onDrain?: () => void;
  /** Called when the server acknowledged bytes: how many of the connection it has received so far. */
  readonly onAcknowledged?: (total: number) => void;
  /** Whether an address may be connected to; a name is judged by the addresses that it has at that moment. */
  readonly mayConnect?: (address: string) => boolean;
  /** Gives up at once, whatever is under way. */
  readonly signal?: AbortSignal;
  /** Shared timer of a process with many clients. */
  readonly deadlines?: Deadlines;
  /** TLS options for rtmps://, e.g. `{ ca }`. The server's name and certificate are verified. */
  readonly tls?: Readonly<{ ca?: string | Buffer | Array<string | Buffer>; rejectUnauthorized?: boolean }>;
}

export interface PlayOptions {
  /** The player's buffer in ms, told to the server. Default 1000. */
  readonly buffer?: Ms;
}
