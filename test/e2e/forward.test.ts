import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { decodeComplaints } from '../support/decode.js';
import { probe } from '../support/ffprobe.js';
import { confOf } from '../support/hook-server.js';
import { clip } from '../support/media.js';
import { startNginxRtmp } from '../support/nginx.js';
import { withPeers } from '../support/peers.js';
import { until } from '../support/run.js';
import { startSrs } from '../support/srs.js';
import { publish, pushFile, record, times } from '../support/streams.js';
import { feed } from '../support/synthetic.js';

/** A file of conf/ as it is, but for its port. */
const sample = (name: string): string =>
  readFileSync(join(import.meta.dirname, '../../conf', name), 'utf8').replace(/^listen \d+;/m, 'listen PORT;');

withPeers('ffmpeg', 'nginx-rtmp')('forward to real servers', () => {
  test('to a second srs and to nginx: plays from there, 10 s without a decode error', async () => {
    const nginx = await startNginxRtmp();
    const slave = await startSrs({ config: sample('forward.slave.conf') });
    const destinations = `127.0.0.1:${slave.port} 127.0.0.1:${nginx.port}`;
    const master = await startSrs({
      config: sample('forward.master.conf').replace('127.0.0.1:19350', destinations),
    });
    pushFile(await clip({ bFrames: 2 }), master.url('live', 'livestream'));
    await until('both forwards are live', () => master.log().split('forward is live').length === 3);
    const urls = [slave.url('live', 'livestream'), nginx.url('livestream')];
    await Promise.all(
      urls.map(async (url) => {
        expect(await decodeComplaints(url, 10)).toEqual([]);
        const { streams } = await probe(url, 2);
        expect(streams).toEqual(expect.arrayContaining(['audio:aac', 'video:h264']));
      }),
    );
    // Metadata arrives in the form that players expect, with the tags of both servers.
    const player = await record(urls[0] as string);
    const metadata = () =>
      player.messages
        .map(({ payload }) => Buffer.from(payload).toString('latin1'))
        .find((t) => t.includes('onMetaData'));
    await player.until('metadata', () => metadata() !== undefined);
    expect(metadata()).not.toContain('@setDataFrame');
    expect(metadata()).toContain('videodatarate');
    expect((await master.stop()).code).toBe(0);
    await until('the slave saw an orderly end', () => slave.log().includes('publish ended'));
  });

  test('nginx gets the query of the app, as its hooks want it', async () => {
    const asked: string[] = [];
    const hooks = createServer((request, response) => {
      request.setEncoding('utf8').on('data', (text: string) => asked.push(text));
      request.on('end', () => response.end());
    }).listen(0, '127.0.0.1');
    onTestFinished(() => void hooks.close());
    await once(hooks, 'listening');
    const { port } = hooks.address() as AddressInfo;
    const nginx = await startNginxRtmp('live', undefined, `on_connect http://127.0.0.1:${port}/;`);
    const client = await publish(`rtmp://127.0.0.1:${nginx.port}/live?token=abc/s1`);
    client.close();
    const fields = new URLSearchParams(asked.join(''));
    expect({ app: fields.get('app'), token: fields.get('token') }).toEqual({ app: 'live', token: 'abc' });
  });

  test('past the 24 bits of a timestamp, in frames of several chunks (R5)', async () => {
    const nginx = await startNginxRtmp();
    const slave = await startSrs({ config: confOf('time_jitter off;') });
    const to = `127.0.0.1:${slave.port} 127.0.0.1:${nginx.port}`;
    const master = await startSrs({ config: confOf(`time_jitter off; forward ${to};`) });
    const publisher = await publish(master.url('live', 'late'));
    const start = 0xff_ffff - 1000;
    const feeding = feed(publisher, { start, frames: 150, bytes: 100_000, pace: 40 });
    await until('both forwards are live', () => master.log().split('forward is live').length === 3);
    const players = [await record(slave.url('live', 'late')), await record(nginx.url('late'))];
    await feeding;
    for (const player of players) {
      await player.until('the last frame', () => times(player.media(), 'video').at(-1) === start + 149 * 40);
      const frames = player.media().filter(({ kind }) => kind === 'video');
      expect(frames.every(({ payload }) => payload.length === 100_000 && payload.at(-1) === 0x5a)).toBe(true);
      expect(frames.every(({ timestamp }, i) => i === 0 || timestamp - (frames[i - 1]?.timestamp ?? 0) === 40)).toBe(
        true,
      );
    }
  });
});
