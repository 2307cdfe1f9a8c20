import { connect, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { type Ms, ms } from '../core/index.js';
import { SrsError, SystemError, systemClock } from '../kernel/index.js';
import { AmfObject, type AmfValue } from '../protocol/amf/index.js';
import {
  ClientHandshake,
  command,
  control,
  data,
  MessageType,
  type OutMessage,
  parseMessage,
  parseRtmpUrl,
  type RtmpMessage,
  splitAggregate,
  type WireMessage,
} from '../protocol/rtmp/index.js';
import type { ClientOptions, MediaMessage, PlayOptions } from './client-options.js';
import { Deadlines } from './deadlines.js';
import { denied, lookup, lookupWhere } from './lookup.js';
import { PendingAnswers, readStatus, type Waiting } from './pending-answers.js';
import { type LinkHandler, RtmpLink } from './rtmp-link.js';

type Command = Extract<RtmpMessage, { kind: 'command' }>;

const CSID_COMMAND = 3;
const CSID_STREAM = 8;
const CSID = { audio: 4, video: 6, data: 5 } as const;
const TYPE = { audio: MessageType.audio, video: MessageType.video, data: MessageType.dataAmf0 } as const;

/** An RTMP client over one connection: it plays or publishes one stream. Forward, edge, tests and tools stand on it. */
export class RtmpClient implements LinkHandler {
  readonly #url: ReturnType<typeof parseRtmpUrl>;
  readonly #timeout: Ms;
  readonly #deadlines: Deadlines;
  readonly #ownDeadlines: boolean;
  readonly #pending = new PendingAnswers();
  #link!: RtmpLink;
  #transaction = 0;
  #streamId = 0;
  #ready: Waiting | undefined;
  #failure: Error | undefined;
  #over = false;

  private constructor(
    url: string,
    private readonly options: ClientOptions,
  ) {
    this.#url = parseRtmpUrl(url);
    this.#timeout = options.timeout ?? ms(10_000);
    this.#ownDeadlines = options.deadlines === undefined;
    this.#deadlines = options.deadlines ?? new Deadlines(systemClock);
  }

  /**
   * Connects, shakes hands and says `connect`.
   * @param url `rtmp://host[:port]/app/stream[?query]`, or rtmps.
   * @throws {SystemError} the host cannot be reached. @throws {RefusedError} REMOTE_REFUSED with the server's words.
   * @throws {SrsError} TIMEOUT, CLOSED
   */
  static async connect(url: string, options: ClientOptions = {}): Promise<RtmpClient> {
    const client = new RtmpClient(url, options);
    await client.#open();
    return client;
  }

  get link(): RtmpLink {
    return this.#link;
  }

  /** False while the socket asks to wait; what is written then queues in memory. */
  get writable(): boolean {
    return !this.#over && this.#link.writable;
  }

  /** The message stream that createStream gave; media goes there. */
  get streamId(): number {
    return this.#streamId;
  }

  async #open(): Promise<void> {
    const { host, port, scheme } = this.#url;
    const { signal, mayConnect, tls } = this.options;
    signal?.throwIfAborted();
    if (mayConnect !== undefined && isIP(host) !== 0 && !mayConnect(host)) throw denied(host);
    const to = { host, port, lookup: mayConnect === undefined ? lookup : lookupWhere(mayConnect) };
    if (this.#ownDeadlines) await this.#deadlines.start();
    const socket: Socket =
      scheme === 'rtmps' ? connectTls({ ...to, ...(isIP(host) === 0 && { servername: host }), ...tls }) : connect(to);
    const handshake = new ClientHandshake(this.options.handshake ?? 'complex');
    this.#link = new RtmpLink(socket, handshake, this, this.#deadlines);
    this.#link.watch.expect('an answer to the connection', this.#timeout);
    signal?.addEventListener('abort', this.#abort);
    socket.once(scheme === 'rtmps' ? 'secureConnect' : 'connect', () => {
      socket.setNoDelay(true);
      this.#link.write(handshake.start());
    });
    try {
      await new Promise<void>((resolve, reject) => {
        this.#ready = { resolve: () => resolve(), reject };
      });
      await this.#sayConnect();
    } catch (error) {
      this.close();
      throw error;
    }
  }

  readonly #abort = (): void => this.close();

  async #sayConnect(): Promise<void> {
    const { app, appParam, tcUrl } = this.#url;
    const link = this.#link;
    link.send(control.windowAckSize(2_500_000));
    link.setOutChunkSize(this.options.chunkSize ?? 60_000);
    const properties = AmfObject.of({
      app: app + appParam, // nginx-rtmp takes the arguments of its hooks from here
      flashVer: 'FMLE/3.0 (compatible; srs)',
      tcUrl,
      fpad: false,
      capabilities: 239,
      audioCodecs: 3575,
      videoCodecs: 252,
      videoFunction: 1,
      objectEncoding: 0,
      fourCcList: ['*'],
      ...this.options.properties,
    });
    const { identity } = this.options;
    await this.#call('connect', identity === undefined ? [properties] : [properties, identity(link.localAddress)]);
  }

  /** Announces the stream the way encoders do. Resolves at `NetStream.Publish.Start`. */
  async publish(): Promise<void> {
    const name = this.#streamName;
    // Some servers never answer these two, so their answers are not waited for.
    this.#send('releaseStream', [null, name]);
    this.#send('FCPublish', [null, name]);
    await this.#createStream();
    const started = this.#status('NetStream.Publish.');
    this.#send('publish', [null, name, 'live'], { csid: CSID_STREAM, streamId: this.#streamId });
    await started;
  }

  /** Resolves at `NetStream.Play.Start`; media goes to `onMedia`. */
  async play(options: PlayOptions = {}): Promise<void> {
    await this.#createStream();
    const started = this.#status('NetStream.Play.');
    this.#send('play', [null, this.#streamName, -2000], { csid: CSID_STREAM, streamId: this.#streamId });
    this.#link.send(control.setBufferLength(this.#streamId, options.buffer ?? ms(1000)));
    await started;
  }

  /** Publishes one message. Check `writable` before sending much. */
  send(message: MediaMessage): void {
    const { kind, timestamp, payload } = message;
    const wire: OutMessage = { csid: CSID[kind], type: TYPE[kind], streamId: this.#streamId, timestamp, payload };
    this.#link.send(wire);
  }

  /** Publishes metadata as `@setDataFrame onMetaData`. */
  sendMetadata(properties: Readonly<Record<string, AmfValue>>): void {
    const values = ['@setDataFrame', 'onMetaData', AmfObject.ecmaOf(properties)];
    this.#link.send(data(values, { streamId: this.#streamId, csid: CSID.data }));
  }

  /** Any command on the stream, e.g. `pause` or `receiveVideo`; no answer is waited for. */
  sendCommand(name: string, args: readonly AmfValue[]): void {
    this.#send(name, args, { csid: CSID_STREAM, streamId: this.#streamId });
  }

  /** Ends a publish properly; the connection stays and may publish again. Resolves when the server confirmed. */
  async unpublish(): Promise<void> {
    const done = this.#status('NetStream.Unpublish.');
    this.#send('FCUnpublish', [null, this.#streamName]);
    await done;
  }

  /** Ends a publish and the connection: says so, lets what was written leave, then closes. */
  finish(): void {
    this.#send('FCUnpublish', [null, this.#streamName]);
    this.#send('deleteStream', [null, this.#streamId]);
    this.end();
  }

  /** Flushes what was written, then closes. */
  end(): void {
    this.#link.end();
  }

  /** Closes at once. */
  close(): void {
    this.#link.close();
  }

  get #streamName(): string {
    return this.#url.stream + this.#url.param;
  }

  async #createStream(): Promise<void> {
    const [, id] = await this.#call('createStream', [null]);
    this.#streamId = typeof id === 'number' ? id : 1;
  }

  #send(name: string, args: readonly AmfValue[], to: { csid?: number; streamId?: number } = {}): number {
    const transaction = ++this.#transaction;
    this.#link.send(command(name, transaction, args, { csid: CSID_COMMAND, ...to }));
    return transaction;
  }

  async #call(name: string, args: readonly AmfValue[]): Promise<readonly AmfValue[]> {
    return this.#await(`an answer to ${name}`, (waiting) => this.#pending.call(this.#send(name, args), waiting));
  }

  #status(prefix: string): Promise<readonly AmfValue[]> {
    return this.#await(`onStatus ${prefix}*`, (waiting) => this.#pending.status(prefix, waiting));
  }

  async #await(what: string, enlist: (waiting: Waiting) => void): Promise<readonly AmfValue[]> {
    if (this.#over) throw this.#failure ?? new SrsError('CLOSED', 'the connection is closed');
    this.#link.watch.expect(what, this.#timeout);
    const answer = await new Promise<readonly AmfValue[]>((resolve, reject) => enlist({ resolve, reject }));
    this.#link.watch.expectNothing();
    return answer;
  }

  // ---- what the link tells

  ready(): void {
    this.#ready?.resolve([]);
    this.#ready = undefined;
  }

  message(message: WireMessage): void {
    const parsed = parseMessage(message);
    const { timestamp } = message;
    switch (parsed.kind) {
      case 'audio':
      case 'video':
        return this.options.onMedia?.({ kind: parsed.kind, name: '', timestamp, payload: parsed.payload });
      case 'data':
        return this.options.onMedia?.({ kind: 'data', name: parsed.name, timestamp, payload: parsed.payload });
      case 'aggregate':
        for (const part of splitAggregate(message)) this.message(part);
        return;
      case 'command':
        return this.#command(parsed);
      default:
        return;
    }
  }

  #command({ name, transactionId, args }: Command): void {
    if (name === '_result' || name === '_error') this.#pending.answered(transactionId, args, name === '_result');
    else if (name === 'onStatus') {
      const { code, description } = readStatus(args);
      this.options.onStatus?.(code, description);
      this.#pending.told(args);
    }
  }

  /** Errors of the socket become ours; ours pass. */
  #explain(reason: Error | undefined): Error | undefined {
    if (reason === undefined || reason instanceof SrsError) return reason;
    const { host, port } = this.#url;
    const code = this.#link.bytesIn === 0 ? 'UNREACHABLE' : 'CLOSED';
    return new SystemError(code, `connection to ${host}:${port}: ${reason.message}`, {}, { cause: reason });
  }

  settled(): void {
    this.options.onSettled?.();
  }

  drained(): void {
    this.options.onDrain?.();
  }

  acknowledged(total: number): void {
    this.options.onAcknowledged?.(total);
  }

  closed(reason: Error | undefined): void {
    this.#over = true;
    this.options.signal?.removeEventListener('abort', this.#abort);
    if (this.#ownDeadlines) void this.#deadlines.stop();
    this.#failure = this.#explain(reason);
    const failure = this.#failure ?? new SrsError('CLOSED', 'the server closed the connection');
    this.#ready?.reject(failure);
    this.#ready = undefined;
    this.#pending.fail(failure);
    this.options.onClose?.(this.#failure);
  }
}
