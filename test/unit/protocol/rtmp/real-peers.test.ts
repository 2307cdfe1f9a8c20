import { assert, describe, test } from 'vitest';
import { ChunkDecoder, parseMessage, type WireMessage } from '../../../../src/protocol/rtmp/index.js';
import { captured, decodeAll } from './support.js';

const publish = ['connect', 'releaseStream', 'FCPublish', 'createStream', 'publish'];

/** Commands and data in their order (GStreamer repeats its metadata), audio and video messages, and the time they reach. */
const peers: { name: string; calls: string[]; media: number; until: number; chunkSize?: number }[] = [
  { name: 'ffmpeg-5.1.9-publish', calls: [...publish, '@setDataFrame'], media: 61, until: 0 },
  { name: 'ffmpeg-5.1.9-publish-simple', calls: [...publish, '@setDataFrame'], media: 6, until: 0 },
  { name: 'ffmpeg-5.1.9-publish-extended', calls: [...publish, '@setDataFrame'], media: 23, until: 16_778_000 },
  { name: 'ffmpeg-5.1.9-play', calls: ['connect', 'createStream', 'getStreamLength', 'play'], media: 0, until: 0 },
  { name: 'gstreamer-1.22-rtmp2sink-publish', calls: [...publish, '@setDataFrame'], media: 60, until: 0 },
  { name: 'gstreamer-1.22-rtmpsink-publish', calls: [...publish, '@setDataFrame'], media: 60, until: 0 },
  {
    name: 'gstreamer-1.22-rtmpsink-publish-extended',
    calls: [...publish, '@setDataFrame'],
    media: 23,
    until: 16_778_000,
  },
  { name: 'rtmpdump-2.4-play', calls: ['connect', 'createStream', 'FCSubscribe', 'play'], media: 0, until: 0 },
  { name: 'rtmpdump-2.4-play-swfvfy', calls: ['connect', 'createStream', 'FCSubscribe', 'play'], media: 0, until: 0 },
  {
    name: 'nginx-rtmp-1.2.2-push',
    calls: ['connect', 'createStream', 'publish', 'onMetaData'],
    media: 61,
    until: 0,
    chunkSize: 4096,
  },
];

/** Slicings of a long capture: by small and by odd steps, one byte at a time, and 2-way cuts near headers and at a stride. */
function* slicings(bytes: Buffer): Iterable<Buffer[]> {
  for (const step of [1, 2, 3, 7, 61, 127, 128, 129, 611, 1448, 4096]) yield every(bytes, step);
  for (let cut = 1; cut < bytes.length; cut += cut < 600 ? 1 : 997) yield [bytes.subarray(0, cut), bytes.subarray(cut)];
}

function every(bytes: Buffer, step: number): Buffer[] {
  return Array.from({ length: Math.ceil(bytes.length / step) }, (_, i) => bytes.subarray(i * step, (i + 1) * step));
}

function isMedia(m: WireMessage): boolean {
  return m.type === 8 || m.type === 9;
}

describe('bytes of real peers', () => {
  for (const { name, calls, media, until, chunkSize = 128 } of peers) {
    const { chunks } = captured(name);

    test(`${name}: what it says`, () => {
      const decoder = new ChunkDecoder();
      const messages = decoder.push(chunks);
      const named = messages
        .map(parseMessage)
        .flatMap((m) => (m.kind === 'command' || m.kind === 'data' ? [m.name] : []));
      assert.deepEqual(
        named.filter((call, i) => call !== named[i - 1]),
        calls,
      );
      assert.equal(decoder.chunkSize, chunkSize);
      const frames = messages.filter(isMedia);
      assert.equal(frames.length, media);
      assert.isAtLeast(frames.at(-1)?.timestamp ?? 0, until);
      for (const kind of [8, 9]) {
        const times = frames.filter((m) => m.type === kind).map((m) => m.timestamp);
        assert.deepEqual(
          times,
          times.toSorted((a, b) => a - b),
        );
      }
      // Codec ids of AAC and H.264: no frame begins in the middle of another.
      for (const m of frames) assert.include(m.type === 8 ? [0xaf] : [0x17, 0x27], m.payload[0]);
    });

    test(`${name}: the same in every slicing`, () => {
      const want = decodeAll(new ChunkDecoder(), [chunks]);
      for (const slices of slicings(chunks)) assert.deepEqual(decodeAll(new ChunkDecoder(), slices), want);
    });
  }
});
