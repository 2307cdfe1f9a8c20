import { describe, expect, test } from 'vitest';
import type { MediaMessage, RtmpClient } from '../../src/link/index.js';
import { decodeComplaints } from '../support/decode.js';
import { clip } from '../support/media.js';
import { withPeers } from '../support/peers.js';
import { type FlvPull, pullFlv } from '../support/pull-flv.js';
import { until } from '../support/run.js';
import { startSrs } from '../support/srs.js';
import { flvMessages, publish, record } from '../support/streams.js';

const config = `
listen PORT;
pid DIR/srs.pid;
srs_log_tank console;
http_server { enabled on; listen HTTP_PORT; }
vhost __defaultVhost__ { http_remux { enabled on; } }
`;

/** The same once more as track 1, as OBS sends its other sizes and ffmpeg its other sounds (Enhanced RTMP v2). */
function again({ kind, timestamp, payload }: MediaMessage): MediaMessage[] {
  const [first = 0, packet = 0] = payload;
  if (kind === 'data') return [];
  const head =
    kind === 'audio'
      ? [Buffer.of(0x95, packet), Buffer.from('mp4a'), Buffer.of(1), payload.subarray(2)]
      : [
          Buffer.of(0x86 | (first & 0x70), packet),
          Buffer.from('avc1'),
          Buffer.of(1),
          payload.subarray(packet === 1 ? 2 : 5),
        ];
  return [{ kind, timestamp, payload: Buffer.concat(head) }];
}

async function send(publisher: RtmpClient, messages: readonly MediaMessage[]): Promise<void> {
  const begin = performance.now();
  for (const message of messages) {
    while (performance.now() - begin < message.timestamp) await new Promise((next) => setTimeout(next, 5));
    for (const each of [message, ...again(message)]) publisher.send(each);
  }
}

const isPlain = ({ kind, payload }: Pick<MediaMessage, 'kind' | 'payload'>): boolean =>
  kind !== 'audio' ? (payload[0] ?? 0) < 0x80 : (payload[0] ?? 0) >> 4 !== 9;

withPeers('ffmpeg')('a stream of several tracks (Enhanced RTMP v2, multitrack)', () => {
  describe('who does not know them gets the plain track, and nothing that would be taken for another codec', () => {
    test('RTMP and HTTP-FLV; who says so, on connect or in the URL, gets all', async () => {
      const srs = await startSrs({ config });
      const messages = (await flvMessages(await clip({}))).filter(({ timestamp }) => timestamp < 1000);
      const publisher = await publish(srs.url('live', 's'));
      const old = { properties: { fourCcList: undefined } };
      const plain = await record(srs.url('live', 's'), old);
      const all = await record(`${srs.url('live', 's')}?tracks=all`, old);
      const modern = await record(srs.url('live', 's'));
      const flv = pullFlv(srs.ports.HTTP_PORT as number, '/live/s.flv');
      const flvAll = pullFlv(srs.ports.HTTP_PORT as number, '/live/s.flv?tracks=all');
      await send(publisher, messages);
      const media = messages.filter(({ kind }) => kind !== 'data');
      for (const player of [all, modern])
        await player.until('both tracks', (m) => m.filter(({ kind }) => kind !== 'data').length === 2 * media.length);
      await plain.until('the plain track', (m) => m.filter(({ kind }) => kind !== 'data').length === media.length);
      expect(plain.messages.every(isPlain)).toBe(true);
      const late = await record(srs.url('live', 's'), old);
      const last = messages.at(-1)?.timestamp;
      const tags = (pull: FlvPull) =>
        pull.tags().map((tag) => ({ ...tag, kind: tag.type === 8 ? ('audio' as const) : ('video' as const) }));
      for (const pull of [flv, flvAll]) await until('all of HTTP', () => tags(pull).at(-1)?.timestamp === last);
      expect(tags(flv).every(isPlain)).toBe(true);
      expect(tags(flvAll).filter((tag) => !isPlain(tag)).length).toBeGreaterThan(media.length - 5);
      await late.until('what the GOP cache has', (m) => m.length >= media.length);
      expect(late.messages.every(isPlain)).toBe(true);
      publisher.close();
    });

    test('ffmpeg of before 7.1 has nothing to complain of', async () => {
      const srs = await startSrs({ config });
      const publisher = await publish(srs.url('live', 's'));
      const sent = send(publisher, (await flvMessages(await clip({}))).slice(0, 900));
      const urls = [srs.url('live', 's'), `http://127.0.0.1:${srs.ports.HTTP_PORT}/live/s.flv`];
      expect(await Promise.all(urls.map((url) => decodeComplaints(url, 4)))).toEqual([[], []]);
      await sent;
      publisher.close();
    });
  });
});
