import { type AddressInfo, createServer, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import type { MediaMessage } from '../../src/link/index.js';
import { AmfObject } from '../../src/protocol/amf/index.js';
import {
  ChunkDecoder,
  command,
  encodeChunks,
  MessageType,
  type OutMessage,
  parseMessage,
  ServerHandshake,
} from '../../src/protocol/rtmp/index.js';
import { tag } from './synthetic.js';

/**
 * What a server does: refuses a publish, takes it and then reads nothing, hangs up at the door, or plays one aggregate
 * (FMS sends these) of a key frame, a sound and another frame.
 */
export type Manners = 'refuses' | 'reads nothing' | 'hangs up' | 'plays an aggregate';

export interface RtmpDoor {
  readonly port: number;
  /** Monotonic times of connections. */
  readonly connects: number[];
  /** How many connections there are now. */
  open(): number;
  /** Ends these. */
  hangUp(): void;
}

const status = (level: string, code: string, description: string): OutMessage =>
  command('onStatus', 0, [null, AmfObject.of({ level, code, description })], { csid: 5, streamId: 1 });

/** A destination that is no good, closed after the test. */
export async function startDoor(manners: Manners, host = '127.0.0.1', port = 0): Promise<RtmpDoor> {
  const connects: number[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    connects.push(performance.now());
    sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    if (manners === 'hangs up') return void socket.destroy();
    serve(socket, manners);
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, host, resolve));
  const hangUp = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  onTestFinished(() => {
    hangUp();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, connects, open: () => sockets.size, hangUp };
}

/** A tag of FLV, with the length behind it. */
function flvTag({ kind, timestamp, payload }: MediaMessage): Buffer {
  const bytes = Buffer.alloc(11 + payload.length + 4);
  bytes[0] = kind === 'audio' ? 8 : 9;
  bytes.writeUIntBE(payload.length, 1, 3);
  bytes.writeUIntBE(timestamp, 4, 3);
  bytes.set(payload, 11);
  bytes.writeUInt32BE(11 + payload.length, 11 + payload.length);
  return bytes;
}

function serve(socket: Socket, manners: Manners): void {
  const handshake = new ServerHandshake();
  const decoder = new ChunkDecoder();
  const send = (message: OutMessage): void => void socket.write(encodeChunks(message, 128));
  const commands: Record<string, (id: number) => void> = {
    connect: (id) =>
      send(command('_result', id, [AmfObject.of({}), AmfObject.of({ code: 'NetConnection.Connect.Success' })])),
    createStream: (id) => send(command('_result', id, [null, 1])),
    publish: () => {
      if (manners === 'refuses') return send(status('error', 'NetStream.Publish.BadName', 'not you, key-1'));
      send(status('status', 'NetStream.Publish.Start', 'go ahead'));
      socket.pause();
    },
    play: () => {
      if (manners !== 'plays an aggregate') return;
      send(status('status', 'NetStream.Play.Start', 'go ahead'));
      const parts = [tag.avcConfig(1000), tag.key(1000), tag.audio(1005), tag.inter(1040)].map(flvTag);
      const payload = Buffer.concat(parts) as never;
      send({ csid: 6, type: MessageType.aggregate, streamId: 1, timestamp: 1000, payload });
    },
  };
  socket.on('data', (bytes) => {
    let rest: Uint8Array = bytes;
    if (!handshake.done) {
      const answer = handshake.push(bytes);
      if (answer !== undefined) socket.write(answer);
      if (!handshake.done) return;
      rest = handshake.rest;
    }
    for (const message of decoder.push(rest)) {
      const parsed = parseMessage(message);
      if (parsed.kind === 'command') commands[parsed.name]?.(parsed.transactionId);
    }
  });
}
