import { connect, type Socket } from 'node:net';
import type { MediaMessage } from '../../src/link/index.js';
import { AmfObject, type AmfValue, decodeAmf0All } from '../../src/protocol/amf/index.js';
import {
  ChunkDecoder,
  ClientHandshake,
  command,
  control,
  encodeChunks,
  MessageType,
  type OutMessage,
  parseMessage,
  UserControl,
  type WireMessage,
} from '../../src/protocol/rtmp/index.js';
import { until } from './run.js';

const eventNames = new Map<number, string>(Object.entries(UserControl).map(([name, id]) => [id, name]));
const typeNames = new Map<number, string>(Object.entries(MessageType).map(([name, id]) => [id, name]));

/** A message in a few words: `streamBegin 1`, `onStatus NetStream.Play.Start`, `video config`, `setChunkSize 60000`. */
export function inWords(message: WireMessage): string {
  const parsed = parseMessage(message);
  switch (parsed.kind) {
    case 'userControl':
      return `${eventNames.get(parsed.event) ?? parsed.event} ${parsed.value}`;
    case 'command':
      return withCode(parsed.name, parsed.args);
    case 'data': {
      const [name, ...values] = decodeAmf0All(parsed.payload);
      return withCode(String(name), values);
    }
    case 'audio':
      return parsed.payload[1] === 0 ? 'audio config' : 'audio';
    case 'video':
      if (parsed.payload[1] === 0) return 'video config';
      return (parsed.payload[0] ?? 0) >> 4 === 1 ? 'video key' : 'video';
    case 'setChunkSize':
    case 'acknowledgement':
    case 'windowAckSize':
    case 'setPeerBandwidth':
      return `${parsed.kind} ${parsed.bytes}`;
    default:
      return typeNames.get(message.type) ?? `type ${message.type}`;
  }
}

const withCode = (name: string, args: readonly AmfValue[]): string => {
  const code = infoOf(args)?.get('code');
  return code === undefined ? name : `${name} ${code}`;
};

const infoOf = (args: readonly AmfValue[]): AmfObject | undefined =>
  args.find((arg): arg is AmfObject => arg instanceof AmfObject && arg.has('code'));

/** A peer that speaks RTMP by the message or by the byte: says what our client never would, and sees all that comes. */
export class RawPeer {
  readonly messages: WireMessage[] = [];
  /** Monotonic time of the end of the connection. */
  closedAt: number | undefined;
  /** What the server sent could not be read. */
  failure: unknown;
  /** What the server calls this peer in its log. */
  readonly name: string;
  readonly #handshake = new ClientHandshake('simple');
  readonly #decoder = new ChunkDecoder();
  #transaction = 0;
  outChunkSize = 128;

  private constructor(
    readonly socket: Socket,
    readonly port: number,
    /** Monotonic time before the connection, so that nothing of it is older. */
    readonly openedAt: number,
    /** The same by the clock: tells its lines in a log from those of an earlier peer that had the same port. */
    readonly bornAt: number,
  ) {
    this.name = `${socket.localAddress}:${socket.localPort}`;
    socket.on('data', (bytes: Buffer) => {
      try {
        this.#received(bytes);
      } catch (error) {
        this.failure = error;
        socket.destroy();
      }
    });
    socket.on('error', () => undefined);
    socket.on('close', () => (this.closedAt = performance.now()));
  }

  /** A TCP connection, and nothing said yet. */
  static open(port: number, localAddress = '127.0.0.1'): Promise<RawPeer> {
    return new Promise((resolve, reject) => {
      const [openedAt, bornAt] = [performance.now(), Date.now()];
      const socket = connect({ port, host: '127.0.0.1', localAddress, noDelay: true });
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        resolve(new RawPeer(socket, port, openedAt, bornAt));
      });
    });
  }

  /** With the handshake done. */
  static async shaken(port: number): Promise<RawPeer> {
    const peer = await RawPeer.open(port);
    await peer.shake();
    return peer;
  }

  /** With `connect` answered. */
  static async connected(port: number, app = 'live', host = '127.0.0.1'): Promise<RawPeer> {
    const peer = await RawPeer.shaken(port);
    peer.connect({ tcUrl: `rtmp://${host}:${port}/${app}`, app });
    await peer.said('_result NetConnection.Connect.Success');
    return peer;
  }

  static async playing(port: number, stream: string, app = 'live'): Promise<RawPeer> {
    const peer = await RawPeer.connected(port, app);
    peer.call('createStream');
    peer.play(stream);
    await peer.said('onStatus NetStream.Play.Start');
    return peer;
  }

  get closed(): boolean {
    return this.closedAt !== undefined;
  }

  /** Everything that came, in words. */
  get story(): string[] {
    return this.messages.map(inWords);
  }

  async shake(): Promise<void> {
    this.write(this.#handshake.start());
    await until('the handshake is done', () => this.#handshake.done);
  }

  connect(properties: Readonly<Record<string, AmfValue>>): void {
    this.send(command('connect', ++this.#transaction, [AmfObject.of(properties)]));
  }

  /** A command of the connection. @returns its transaction id. */
  call(name: string, ...args: AmfValue[]): number {
    this.send(command(name, ++this.#transaction, [null, ...args]));
    return this.#transaction;
  }

  /** A command on the message stream. @returns its transaction id. */
  say(name: string, ...args: AmfValue[]): number {
    this.send(command(name, ++this.#transaction, [null, ...args], { csid: 8, streamId: 1 }));
    return this.#transaction;
  }

  play(stream: string, ...more: AmfValue[]): void {
    this.say('play', stream, ...more);
  }

  setChunkSize(bytes: number): void {
    this.send(control.setChunkSize(bytes));
    this.outChunkSize = bytes;
  }

  send(message: OutMessage): void {
    this.write(encodeChunks(message, this.outChunkSize));
  }

  write(bytes: Uint8Array): void {
    if (!this.socket.destroyed) this.socket.write(bytes);
  }

  /** Media of the publish on message stream 1. */
  media({ kind, timestamp, payload }: MediaMessage): void {
    const type = { audio: MessageType.audio, video: MessageType.video, data: MessageType.dataAmf0 }[kind];
    this.send({ csid: 6, type, streamId: 1, timestamp, payload });
  }

  /** Resolves when the server has handled all that was sent. */
  async handled(): Promise<void> {
    const at = this.messages.length;
    this.send(control.pingRequest(at));
    await this.heard(at, `pingResponse ${at}`);
  }

  /** Waits for messages in this order, others between them; from message `from` on. @returns the index after the last. */
  async said(...words: string[]): Promise<number> {
    return this.heard(0, ...words);
  }

  async heard(from: number, ...words: string[]): Promise<number> {
    return until(
      `${words.join(', ')}; what came: ${this.story.slice(from, from + 60).join(', ')}`,
      () => {
        let at = from;
        for (const word of words) {
          while (at < this.messages.length && inWords(this.messages[at] as WireMessage) !== word) at++;
          if (at++ >= this.messages.length) return undefined;
        }
        return at;
      },
      10_000,
    ).catch((error: Error) => {
      const end = this.closed ? ', then the end' : '';
      throw new Error(`not heard: ${words.join(', ')}; but: ${this.story.slice(from).join(', ')}${end}`, {
        cause: error,
      });
    });
  }

  /** Resolves when the server has closed. @returns after how many ms of the connection. */
  async gone(withinMs = 10_000): Promise<number> {
    await until(`the server closes ${this.name}`, () => this.closed, withinMs);
    return (this.closedAt as number) - this.openedAt;
  }

  /** The info object of the last message of these words. */
  info(words: string): AmfObject {
    const message = this.messages.findLast((m) => inWords(m) === words);
    const parsed = message === undefined ? undefined : parseMessage(message);
    const info = parsed?.kind === 'command' ? infoOf(parsed.args) : undefined;
    if (info === undefined) throw new Error(`no ${words} came: ${this.story.join(', ')}`);
    return info;
  }

  close(): void {
    this.socket.destroy();
  }

  #received(bytes: Buffer): void {
    let rest: Uint8Array = bytes;
    if (!this.#handshake.done) {
      const answer = this.#handshake.push(bytes);
      if (answer !== undefined) this.write(answer);
      if (!this.#handshake.done) return;
      rest = this.#handshake.rest;
    }
    this.messages.push(...this.#decoder.push(rest));
  }
}
