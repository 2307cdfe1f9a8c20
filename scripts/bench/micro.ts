/** ns per operation of the functions that run for every message: chunk decoder and encoder, AMF0, TS. One line of JSON. */
import { type Frame, freeze } from '../../src/core/index.js';
import { AmfObject, type AmfValue, decodeAmf0All, encodeAmf0 } from '../../src/protocol/amf/index.js';
import { FrameMuxer } from '../../src/protocol/mpegts/index.js';
import { ChunkDecoder, chunkedLength, encodeChunks, writeChunks } from '../../src/protocol/rtmp/index.js';
import { avcConfig, avcInter } from '../../test/support/coded.js';

interface Case {
  readonly name: string;
  /** How many operations one call of `run` is. */
  readonly operations: number;
  /** Of media or AMF in one operation. */
  readonly bytes: number;
  run(): unknown;
}

const VIDEO = 9;
const MESSAGES = 64;
/** What a socket delivers in one read at most, and one TCP segment: what a distant publisher's reads are. */
const [FULL, SEGMENT] = [65_536, 1448];
const runMs = Number(process.env.MICRO_MS ?? 400);

function message(length: number, at: number) {
  return { csid: 6, type: VIDEO, streamId: 1, timestamp: at, payload: new Uint8Array(length).fill(0x5a) };
}

function slices(bytes: Uint8Array, size: number): Uint8Array[] {
  const out: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += size) out.push(bytes.subarray(at, at + size));
  return out;
}

/** Messages that follow each other forever: the decoder goes on over the same bytes. */
function decoding(length: number, chunkSize: number, readBytes = FULL): Case {
  const reads = slices(
    Buffer.concat(Array.from({ length: MESSAGES }, (_, i) => encodeChunks(message(length, i * 40), chunkSize))),
    readBytes,
  );
  const decoder = new ChunkDecoder();
  decoder.chunkSize = chunkSize;
  return {
    name: `decode, ${length} B messages in ${chunkSize} B chunks, reads of ${readBytes} B`,
    operations: MESSAGES,
    bytes: length,
    run() {
      let messages = 0;
      for (const read of reads) messages += decoder.push(read).length;
      if (messages !== MESSAGES) throw new Error(`decoded ${messages} of ${MESSAGES} messages`);
    },
  };
}

/** A command of its own buffer, as replies are sent. */
function encoding(length: number, chunkSize: number): Case {
  const one = message(length, 40);
  return {
    name: `encode, ${length} B message in ${chunkSize} B chunks`,
    operations: 1,
    bytes: length,
    run: () => encodeChunks(one, chunkSize),
  };
}

/** Into the shared batch of all viewers. */
function writing(length: number, chunkSize: number): Case {
  const { csid, type, streamId, timestamp, payload } = message(length, 40);
  const out = Buffer.alloc(chunkedLength(length, timestamp, chunkSize, csid));
  return {
    name: `write into a batch, ${length} B in ${chunkSize} B chunks`,
    operations: 1,
    bytes: length,
    run: () => writeChunks(out, 0, csid, type, streamId, timestamp, payload as never, chunkSize),
  };
}

const connect: AmfValue[] = [
  'connect',
  1,
  AmfObject.of({
    app: 'live',
    type: 'nonprivate',
    flashVer: 'FMLE/3.0',
    tcUrl: 'rtmp://127.0.0.1:1935/live',
    audioCodecs: 4071,
  }),
];
const metadata: AmfValue[] = [
  '@setDataFrame',
  'onMetaData',
  AmfObject.of({
    duration: 0,
    width: 640,
    height: 360,
    videodatarate: 436,
    framerate: 25,
    videocodecid: 7,
    audiodatarate: 64,
  }),
];

function amf(name: string, values: AmfValue[]): Case[] {
  const bytes = encodeAmf0(...values);
  return [
    { name: `AMF0 decode, ${name}`, operations: 1, bytes: bytes.length, run: () => decodeAmf0All(bytes) },
    { name: `AMF0 encode, ${name}`, operations: 1, bytes: bytes.length, run: () => encodeAmf0(...values) },
  ];
}

/** Two seconds of pictures and sound into one segment. */
function muxing(length: number): Case {
  const pictures = 50;
  const picture = Buffer.alloc(length, 0x5a);
  picture.set([0x27, 1, 0, 0, 0]);
  picture.writeUInt32BE(length - 9, 5);
  picture[9] = 0x41;
  const muxer = new FrameMuxer();
  const config = FrameMuxer.read(avcConfig(0));
  if (config !== undefined) muxer.configure(config);
  const frames = Array.from({ length: pictures }, (_, i): Frame => ({ ...avcInter(i * 40), payload: freeze(picture) }));
  return {
    name: `TS muxing, pictures of ${length} B`,
    operations: pictures,
    bytes: length,
    run() {
      muxer.begin({ video: 'avc', audio: undefined });
      for (const frame of frames) if (muxer.write(frame) !== 'written') throw new Error('not muxed');
      return muxer.take();
    },
  };
}

/** The best of five: what disturbs a run only ever makes it slower. */
function measure({ name, operations, bytes, run }: Case): { name: string; ns: number; bytes: number } {
  for (const until = performance.now() + runMs / 2; performance.now() < until; ) run();
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 5; round++) {
    const began = performance.now();
    let calls = 0;
    do for (let i = 0; i < 16; i++, calls++) run();
    while (performance.now() < began + runMs / 5);
    best = Math.min(best, ((performance.now() - began) * 1e6) / (calls * operations));
  }
  return { name, ns: best, bytes };
}

const cases: Case[] = [
  decoding(170, 128),
  decoding(2500, 128),
  decoding(170, 60_000),
  decoding(2500, 60_000),
  decoding(2500, 60_000, SEGMENT),
  decoding(30_000, 4096),
  encoding(2500, 60_000),
  writing(170, 60_000),
  writing(2500, 60_000),
  writing(30_000, 4096),
  muxing(2500),
  muxing(30_000),
  ...amf('connect', connect),
  ...amf('onMetaData', metadata),
];
console.log(JSON.stringify(cases.map(measure)));
