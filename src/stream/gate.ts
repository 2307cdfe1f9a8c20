/** How a client speaks to this server. */
export type ClientProtocol = 'rtmp' | 'flv' | 'ws-flv' | 'ts' | 'ws-ts' | 'hls';

/** What a program is for that this server runs itself. */
export type ProgramKind = 'transcode' | 'ingest';

/** Who is asking: the same for every protocol, so that rules, hooks and statistics need not know which it is. */
export interface ClientFacts {
  readonly id: string;
  /** The real address, also behind a trusted proxy. */
  readonly ip: string;
  /** For the log: the address with the port of its connection; without, where the port is a proxy's or there are many. */
  readonly peer: string;
  /** The address is that of a proxy which nobody says to trust: who is behind it is not known. */
  readonly isProxy?: boolean;
  readonly protocol: ClientProtocol;
  /** The name of the vhost block that serves the client. */
  readonly vhost: string;
  readonly app: string;
  /** Query text of the URL with its `?`, or ''. Secret: never logged. */
  readonly param: string;
  readonly tcUrl: string;
  readonly pageUrl: string;
  readonly swfUrl: string;
  /** It is a program of this server. */
  readonly program?: ProgramKind;
  /** Of a stream that another server relays: the way it came (RelayTrail). */
  readonly trail?: string;
}

/** A client and the stream that it wants to play or publish. */
export interface StreamFacts extends ClientFacts {
  readonly stream: string;
}

/** What the gate answers to a client that may pass. */
export interface Decision {
  /** Publish or play under this name instead of the one in the URL. */
  readonly stream?: string;
}

/**
 * Decides who may connect, publish and play, and hears when they stop. Every protocol asks before the client is told
 * that it may start; refusals are `RefusedError`s whose message the client is told.
 */
export interface Gate {
  connect(client: ClientFacts): Promise<void>;
  publish(client: StreamFacts): Promise<Decision>;
  play(client: StreamFacts): Promise<Decision>;
  /**
   * Exactly once for each publish or play that was let through.
   * @param replacedBy id of the client that took the stream over; it was let through before.
   */
  unpublished(client: StreamFacts, replacedBy?: string): void;
  stopped(client: StreamFacts): void;
  /** Exactly once for each connection that was let through. */
  closed(client: ClientFacts, bytes: { readonly sent: number; readonly received: number }): void;
}
