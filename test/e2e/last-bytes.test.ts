import { readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { MediaMessage } from '../../src/link/index.js';
import { TagType } from '../../src/protocol/flv/index.js';
import { probe } from '../support/ffprobe.js';
import { readPlaylist } from '../support/hls.js';
import { clip } from '../support/media.js';
import { withPeers } from '../support/peers.js';
import { type FlvPull, pullFlv, pullWsFlv } from '../support/pull-flv.js';
import { RawPeer } from '../support/raw-peer.js';
import { until } from '../support/run.js';
import { startSrs } from '../support/srs.js';
import { flvMessages } from '../support/streams.js';
import { feed, tag } from '../support/synthetic.js';

/** The merge window is so long that the last frames are still in it when the server is told to stop. */
const config = `
listen PORT;
pid DIR/srs.pid;
srs_log_tank console;
http_server { enabled on; listen HTTP_PORT; dir DIR; }
vhost __defaultVhost__ {
  mw_latency 60000;
  http_remux { enabled on; }
  hls { enabled on; hls_fragment 1; hls_path DIR/hls; hls_dispose 0; }
}
`;

/** An encoder that can ask whether the server has read everything: `arrived`. */
async function encoder(port: number) {
  const peer = await RawPeer.connected(port);
  peer.say('publish', 's', 'live');
  await peer.said('onStatus NetStream.Publish.Start');
  peer.setChunkSize(2 ** 20);
  return {
    send: (message: MediaMessage) => peer.media(message),
    arrived: () => peer.handled(),
  };
}

/** Media tags as they came. @throws when the stream ends inside of a tag. */
function story(pull: FlvPull): string[] {
  const tags = pull.tags();
  const whole = tags.reduce((bytes, { payload }) => bytes + 11 + payload.length + 4, 13);
  expect(pull.body().length).toBe(whole);
  return tags
    .filter(({ type, payload }) => type !== TagType.script && payload[1] !== 0)
    .map(({ type, timestamp }) => `${type} ${timestamp}`);
}

describe('SIGTERM', () => {
  test('players over HTTP and WebSocket get every frame once, and a proper end', async () => {
    const srs = await startSrs({ config });
    const http = srs.ports.HTTP_PORT as number;
    const publisher = await encoder(srs.port);
    publisher.send(tag.avcConfig());
    const chunked = pullFlv(http, '/live/s.flv');
    const plain = pullFlv(http, '/live/s.flv', '1.0');
    const web = pullWsFlv(http, '/live/s.flv');
    const all = [chunked, plain, web];
    await until('all of them play', () => srs.log().split('play started').length > all.length);
    await feed(publisher, { frames: 60, bytes: 300 });
    await publisher.arrived();
    expect(chunked.tags().filter(({ type }) => type === TagType.audio)).toHaveLength(0);
    srs.signal('SIGTERM');
    await until('all of them are closed', () => all.every((one) => one.ended()));
    const want = Array.from({ length: 60 }, (_, i) => [`9 ${i * 40}`, `8 ${i * 40 + 5}`]).flat();
    for (const one of all) expect(story(one)).toEqual(want);
    expect(chunked.isTerminated()).toBe(true);
    expect(web.code()).toBe(1000);
    expect((await srs.ended).code).toBe(0);
  });

  test('a player that was not done reading gets what was under way, and a proper end', async () => {
    const srs = await startSrs({ config: config.replace('mw_latency 60000', 'mw_latency 0') });
    const publisher = await encoder(srs.port);
    publisher.send(tag.avcConfig());
    const slow = pullFlv(srs.ports.HTTP_PORT as number, '/live/s.flv');
    await until('it plays', () => srs.log().includes('play started'));
    slow.pause();
    // More than the kernel keeps for it.
    publisher.send(tag.key(0, 15_000_000));
    await publisher.arrived();
    srs.signal('SIGTERM');
    await until('the server stops', () => srs.log().includes('stopping'));
    slow.resume();
    await until('it is closed', () => slow.ended());
    expect(story(slow)).toEqual(['9 0']);
    expect(slow.isTerminated()).toBe(true);
    expect((await srs.ended).code).toBe(0);
  });

  withPeers('ffmpeg')('HLS', () => {
    test('every frame up to the last one is in the files that stay', async () => {
      const dir = await mkdtemp(join(tmpdir(), 'srs-last-'));
      onTestFinished(() => rm(dir, { recursive: true }));
      const srs = await startSrs({ config, dir });
      const publisher = await encoder(srs.port);
      const sent = (await flvMessages(await clip({ seconds: 12 }))).filter(
        ({ kind, timestamp }) => kind !== 'data' && timestamp < 4500,
      );
      for (const message of sent) publisher.send(message);
      await publisher.arrived();
      srs.signal('SIGTERM');
      expect((await srs.ended).code).toBe(0);
      const { segments } = readPlaylist(readFileSync(join(dir, 'hls/live/s.m3u8'), 'utf8'));
      const file = join(dir, 'all.ts');
      writeFileSync(file, Buffer.concat(segments.map(({ uri }) => readFileSync(join(dir, 'hls/live', uri)))));
      const { packets } = await probe(file, 60);
      const frames = (kind: MediaMessage['kind']) => sent.filter((m) => m.kind === kind && m.payload[1] !== 0).length;
      expect(packets.filter(({ type }) => type === 'video')).toHaveLength(frames('video'));
      expect(packets.filter(({ type }) => type === 'audio')).toHaveLength(frames('audio'));
    });
  });
});
