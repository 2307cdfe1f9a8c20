import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { secondsToMs } from '../core/index.js';
import { type ClientProtocol, type LiveStream, type StreamFacts, streamKey } from '../stream/index.js';
import { factsOf, type LiveRequest } from './live-request.js';
import { awaitLive } from './live-streams.js';
import type { HttpEnvironment } from './ports.js';
import { type LiveBody, StreamViewer } from './stream-viewer.js';

/** A request that the gate let through, and the stream it gets. */
export interface Admitted {
  readonly facts: StreamFacts;
  readonly stream: LiveStream;
  /** Exactly once, unless `serve` took the viewer over. */
  giveUp(): void;
}

/** Players over HTTP and WebSocket: who they are, and when they end. */
export class LiveOutput {
  readonly #viewers = new Set<StreamViewer>();
  readonly #unobserve: () => void;

  constructor(private readonly env: HttpEnvironment) {
    this.#unobserve = env.hub.observe({
      ended: (stream) => {
        for (const viewer of [...this.#viewers]) if (viewer.stream === stream) viewer.end('the stream is over');
      },
    });
  }

  get count(): number {
    return this.#viewers.size;
  }

  /**
   * Asks the gate, then waits for the stream.
   * @returns undefined when it does not come. @throws {RefusedError} the gate says no.
   */
  async admit(
    request: LiveRequest,
    protocol: ClientProtocol,
    message: IncomingMessage,
    gone: AbortSignal,
  ): Promise<Admitted | undefined> {
    const { hub, clock, gate } = this.env;
    const asked = factsOf(request, protocol, message, this.env.config().trustedProxies);
    const decision = await gate.play(asked).catch((error: unknown) => {
      this.env.refusals.report(asked, error);
      throw error;
    });
    const facts = decision.stream === undefined ? asked : { ...asked, stream: decision.stream };
    const wait = secondsToMs(request.vhost.httpRemux.wait);
    const served = this.env.want(facts);
    const stream = await awaitLive(hub, clock, streamKey(facts), wait, gone);
    // Who is served is a client by then, and wants the stream as one.
    setImmediate(served);
    if (stream === undefined || gone.aborted) {
      gate.stopped(facts);
      return undefined;
    }
    return { facts, stream, giveUp: () => gate.stopped(facts) };
  }

  /** From here on the socket belongs to the stream. */
  serve({ facts, stream }: Admitted, socket: Duplex, framing: LiveBody): void {
    const log = this.env.log.child({ conn: facts.id, peer: facts.peer, protocol: facts.protocol });
    const viewer = new StreamViewer(socket, facts, stream, framing, this.env.clock, log, (closed, cause) => {
      this.#viewers.delete(closed);
      this.env.clients.remove(closed, cause);
      this.env.gate.stopped(facts);
    });
    this.#viewers.add(viewer);
    this.env.clients.add(viewer);
    viewer.start();
  }

  /** The configuration changed: players of a vhost that is not served any more are closed. */
  reconfigure(): void {
    for (const viewer of [...this.#viewers]) {
      const vhost = this.env.config().vhosts.get(viewer.facts.vhost);
      if (vhost?.enabled !== true || !vhost.httpRemux.enabled) viewer.kick('not served any more');
    }
  }

  /** Every response ends as it should. */
  end(): void {
    this.#unobserve();
    for (const viewer of [...this.#viewers]) viewer.end();
  }
}
