import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import { decodeComplaints } from '../support/decode.js';
import { probe } from '../support/ffprobe.js';
import { clip } from '../support/media.js';
import { withPeers } from '../support/peers.js';
import { background, run, until } from '../support/run.js';
import { type Srs, startSrs } from '../support/srs.js';
import { flvMessages } from '../support/streams.js';

let srs: Srs;
const config = `
listen PORT;
pid DIR/srs.pid;
srs_log_tank console;
vhost __defaultVhost__ { publish { policy reject; } }
`;

beforeAll(async () => {
  srs = await startSrs({ config });
});

withPeers('ffmpeg', 'gstreamer')('GStreamer publishes', () => {
  const video =
    'videotestsrc is-live=true ! video/x-raw,width=320,height=240,framerate=25/1 ! x264enc speed-preset=ultrafast tune=zerolatency bitrate=300 key-int-max=25 ! h264parse ! queue ! mux.';
  const audio =
    'audiotestsrc is-live=true ! audio/x-raw,rate=44100,channels=2 ! avenc_aac bitrate=64000 ! aacparse ! queue ! mux.';

  test.each([
    ['rtmp2sink', (url: string) => url],
    // librtmp takes its options in the same string.
    ['rtmpsink', (url: string) => `${url} live=1`],
  ])(
    'with %s: ffprobe sees both tracks from a key frame on, ffmpeg decodes 4 s without a complaint',
    async (sink, location) => {
      const url = srs.url('live', sink);
      const pipeline = `flvmux name=mux streamable=true ! ${sink} location=LOCATION ${video} ${audio}`;
      const args = pipeline.split(' ').map((word) => word.replace('LOCATION', location(url)));
      const publisher = background('gst-launch-1.0', args);
      await until(`${sink} publishes`, () => srs.log().includes(`live/${sink}","style":"fmle"`), 15_000);

      const seen = await probe(url, 3);
      expect(seen.streams.filter((s) => !s.startsWith('data')).sort()).toEqual(['audio:aac', 'video:h264']);
      expect(seen.packets.find((p) => p.type === 'video')?.isKey).toBe(true);
      for (const type of ['audio', 'video'] as const) {
        const dts = seen.packets.filter((p) => p.type === type).map((p) => p.dts);
        expect(dts.length).toBeGreaterThan(40);
        // Not strictly: on a busy machine the flvmux of GStreamer 1.22 itself repeats a time now and then.
        expect(dts.every((t, i) => i === 0 || t >= (dts[i - 1] as number))).toBe(true);
      }
      expect(await decodeComplaints(url, 4, { repeatedTimes: true })).toEqual([]);
      expect(publisher.child.exitCode).toBeNull();
      expect(publisher.log()).not.toMatch(/ERROR|WARN/);

      // At its end it unpublishes, so the key is free at once.
      publisher.signal('SIGINT');
      await publisher.ended;
      await until(`${sink} has left`, () =>
        new RegExp(`"stream":"[^"]*live/${sink}"[^\n]*publish ended`).test(srs.log()),
      );
    },
  );
});

/** What a user of the library writes: it knows the package by its name and nothing of this repository. */
const userScript = `
import { readFile, writeFile } from 'node:fs/promises';
import { FlvReader, flvHeader, RefusedError, RtmpClient, tagLength, writeTag } from 'simple-rtmp-server/client';

const [url, input, output] = process.argv.slice(2);
const kinds = { 8: 'audio', 9: 'video', 18: 'data' };
const types = { audio: 8, video: 9, data: 18 };
const tags = new FlvReader().push(await readFile(input));
const media = tags.filter((tag) => tag.type !== 18);

const parts = [flvHeader({ audio: true, video: true })];
let finished;
const all = new Promise((resolve) => (finished = resolve));
let received = 0;
const statuses = [];
const player = await RtmpClient.connect(url, {
  onStatus: (code) => statuses.push(code),
  onMedia({ kind, timestamp, payload }) {
    const tag = Buffer.alloc(tagLength(payload.length));
    writeTag(tag, 0, types[kind], timestamp, payload);
    parts.push(tag);
    if (kind !== 'data' && ++received === media.length) finished();
  },
});
await player.play();

const publisher = await RtmpClient.connect(url);
await publisher.publish();
publisher.sendMetadata({ width: 640, height: 360, encoder: 'a user script' });
for (const { type, timestamp, payload } of media) {
  publisher.send({ kind: kinds[type], timestamp, payload });
  while (!publisher.writable) await new Promise((next) => setTimeout(next, 5));
}
await all;
const second = await RtmpClient.connect(url);
const refused = await second.publish().catch((error) => error);
await publisher.unpublish();
publisher.end();
player.close();
await writeFile(output, Buffer.concat(parts));
console.log(JSON.stringify({ received, sent: media.length, statuses, refused: refused instanceof RefusedError }));
`;

/** A package directory that depends on ours, as after npm install. */
async function userDirectory(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'srs-user-'));
  onTestFinished(() => rm(dir, { recursive: true }));
  await mkdir(join(dir, 'node_modules'));
  await symlink(join(import.meta.dirname, '../..'), join(dir, 'node_modules/simple-rtmp-server'));
  await writeFile(join(dir, 'package.json'), '{"type":"module"}');
  return dir;
}

withPeers('ffmpeg')('simple-rtmp-server/client, imported as users do', () => {
  test('publishes an FLV file and plays it back byte for byte', async () => {
    const dir = await userDirectory();
    const input = await clip();
    const output = join(dir, 'out.flv');
    await writeFile(join(dir, 'user.js'), userScript);
    const end = await run(process.execPath, ['user.js', srs.url('live', 'library'), input, output], { cwd: dir });
    expect(end.stderr).toBe('');
    expect(end.code).toBe(0);
    const told = JSON.parse(end.stdout) as { received: number; sent: number; statuses: string[]; refused: boolean };
    expect(told.received).toBe(told.sent);
    expect(told.statuses.slice(0, 2)).toEqual(['NetStream.Play.Reset', 'NetStream.Play.Start']);
    expect(told.refused).toBe(true);

    const key = (m: { kind: string; payload: Uint8Array }) => `${m.kind}:${Buffer.from(m.payload).toString('base64')}`;
    const isMedia = (m: { kind: string }) => m.kind !== 'data';
    expect((await flvMessages(output)).filter(isMedia).map(key)).toEqual(
      (await flvMessages(input)).filter(isMedia).map(key),
    );
    expect(await decodeComplaints(output, 10)).toEqual([]);
    expect((await readFile(output)).subarray(0, 3).toString()).toBe('FLV');
  });

  test('its types hold a user to the truth', { timeout: 90_000 }, async () => {
    const dir = await userDirectory();
    const root = join(import.meta.dirname, '../..');
    await symlink(join(root, 'node_modules/@types'), join(dir, 'node_modules/@types'));
    const good = `
import { type MediaMessage, ms, RtmpClient } from 'simple-rtmp-server/client';
const got: MediaMessage[] = [];
const client: RtmpClient = await RtmpClient.connect('rtmp://h/a/s', { timeout: ms(1), onMedia: (m) => got.push(m) });
await client.play();
`;
    await writeFile(join(dir, 'good.ts'), good);
    await writeFile(join(dir, 'bad.ts'), `${good}await client.play({ buffer: 'long' });\n`);
    const tsc = join(root, 'node_modules/typescript/bin/tsc');
    const options = ['--noEmit', '--strict', '--skipLibCheck', '--module', 'nodenext', '--types', 'node'];
    const end = await run(process.execPath, [tsc, ...options, 'good.ts', 'bad.ts'], { cwd: dir, timeoutMs: 80_000 });
    const errors = end.stdout.split('\n').filter((line) => line.includes('error TS'));
    expect(errors).toEqual([expect.stringMatching(/^bad\.ts\(6,\d+\): error TS2322/)]);
  });
});
