import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { FlvReader, type FlvTag, TagType } from '../../src/protocol/flv/index.js';
import { withPeers } from '../support/peers.js';
import { pullFlv, pullWsFlv } from '../support/pull-flv.js';
import { background, until } from '../support/run.js';
import { type Srs, startSrs } from '../support/srs.js';
import { publish, record, times } from '../support/streams.js';
import { feed } from '../support/synthetic.js';

/** Chunks so small that a frame takes several: those of type 3 have an extended timestamp, too. */
const config = `
listen PORT;
pid DIR/srs.pid;
srs_log_tank console;
chunk_size 1000;
http_server { enabled on; listen HTTP_PORT; dir DIR; }
# The publisher says nothing while a player begins, which may take seconds.
vhost __defaultVhost__ { time_jitter off; http_remux { enabled on; } publish { normal_timeout 30000; } }
`;
const FRAMES = 50;
const GOP = 25;
const BYTES = 3000;

let srs: Srs;
beforeAll(async () => {
  srs = await startSrs({ config });
});

/** Times of media, in the order they came. */
interface Seen {
  readonly video: number[];
  readonly audio: number[];
}
/** Plays a stream. @returns what it has seen. */
type Player = (stream: string) => Promise<() => Seen>;

const ofTags = (tags: readonly FlvTag[]): Seen => {
  const of = (wanted: number) =>
    tags.filter(({ type, payload }) => type === wanted && payload[1] !== 0).map(({ timestamp }) => timestamp);
  return { video: of(TagType.video), audio: of(TagType.audio) };
};

const players: Record<string, Player> = {
  RTMP: async (stream) => {
    const { media } = await record(srs.url('live', stream));
    return () => ({ video: times(media(), 'video'), audio: times(media(), 'audio') });
  },
  'HTTP-FLV': async (stream) => {
    const pull = pullFlv(srs.ports.HTTP_PORT as number, `/live/${stream}.flv`);
    return () => ofTags(pull.tags());
  },
  'WebSocket-FLV': async (stream) => {
    const pull = pullWsFlv(srs.ports.HTTP_PORT as number, `/live/${stream}.flv`);
    return () => ofTags(pull.tags());
  },
};

let files = 0;
/** A program that writes what it plays to a file at once. @param command of the shell: `$0` is the URL, `$1` the file. */
const program =
  (command: string): Player =>
  async (stream) => {
    const file = join(srs.dir, `${files++}.flv`);
    background('sh', ['-c', `exec ${command}`, srs.url('live', stream), file]);
    return () => ofTags(existsSync(file) ? new FlvReader().push(readFileSync(file)) : []);
  };
const librtmp = program('stdbuf -o0 rtmpdump -q -v -r "$0" > "$1"');
const gstreamer = program('gst-launch-1.0 -q rtmp2src location="$0" ! filesink buffer-mode=unbuffered location="$1"');

/** The edge is crossed in mid-stream while one plays, and another one joins after it. */
async function crosses(play: Player, stream: string, edge: number): Promise<void> {
  const publisher = await publish(srs.url('live', stream));
  const early = await play(stream);
  await until('it is there', () => srs.log().includes(`live/${stream}","msg":"play started"`));
  // The first frame of the second group is at the last millisecond before the edge.
  const start = edge - 1 - GOP * 40;
  await feed(publisher, { start, frames: FRAMES, gop: GOP, bytes: BYTES });
  const sent = (from: number, offset: number) =>
    Array.from({ length: FRAMES - from }, (_, i) => (start + (from + i) * 40 + offset) % 2 ** 32);
  const has = (seen: () => Seen, last: number) => () => seen().audio.at(-1) === last;
  await until('every frame', has(early, sent(0, 5).at(-1) as number));
  expect(early()).toEqual({ video: sent(0, 0), audio: sent(0, 5) });
  const late = await play(stream);
  await until('the last group', has(late, sent(0, 5).at(-1) as number));
  expect(late()).toEqual({ video: sent(GOP, 0), audio: sent(GOP, 5) });
  publisher.close();
}

const edges = [24, 31, 32];
const cases = Object.keys(players).flatMap((name) => edges.map((bits) => [name, bits] as const));
test.each(cases)(
  'time_jitter off: a player over %s, and one that joins later, have times as sent over 2^%i ms',
  (name, bits) => crosses(players[name] as Player, `${name}-${bits}`, 2 ** bits),
);

withPeers('rtmpdump')('rtmpdump', () => {
  test.each(edges)('reads times as sent over 2^%i ms', (bits) => crosses(librtmp, `librtmp-${bits}`, 2 ** bits));
});

withPeers('gstreamer')('rtmp2src', () => {
  test.each(edges)('reads times as sent over 2^%i ms', (bits) => crosses(gstreamer, `gstreamer-${bits}`, 2 ** bits));
});
