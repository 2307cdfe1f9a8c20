import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { MediaMessage } from '../../src/link/index.js';
import { apiOf } from '../support/api.js';
import { fetchBytes } from '../support/hls.js';
import { clip } from '../support/media.js';
import { withPeers } from '../support/peers.js';
import { until } from '../support/run.js';
import { type Srs, startSrs } from '../support/srs.js';
import { flvMessages, isConfig, neverBack, publish, record, times } from '../support/streams.js';
import { checkTs } from '../support/ts-check.js';

const config = `
listen PORT;
pid DIR/srs.pid;
srs_log_tank console;
inotify_auto_reload off;
http_server { enabled on; listen HTTP_PORT; dir DIR/www; console on; }
http_api { enabled on; listen 127.0.0.1:API_PORT; }
vhost __defaultVhost__ { hls { enabled on; hls_fragment 1; hls_window 8; # here
} }
`;

/** Publishes a recording over and over, faster than real time, until it is stopped. */
async function pump(url: string, recorded: readonly MediaMessage[]): Promise<() => void> {
  const client = await publish(url);
  const media = recorded.filter((m) => m.kind !== 'data');
  const length = (media.at(-1)?.timestamp ?? 0) + 40;
  let at = 0;
  const timer = setInterval(() => {
    for (let i = 0; i < 60 && client.writable; i++, at++) {
      const message = media[at % media.length] as MediaMessage;
      // Configurations come once; repeated ones are no news to anybody.
      if (isConfig(message) && at >= media.length) continue;
      client.send({ ...message, timestamp: message.timestamp + Math.floor(at / media.length) * length });
    }
  }, 50);
  return () => {
    clearInterval(timer);
    client.close();
  };
}

interface Act {
  readonly directive: string;
  readonly probe: (srs: Srs) => Promise<unknown> | unknown;
  readonly plain: unknown;
  readonly changed: unknown;
}

const at = (srs: Srs, path: string): string => `http://127.0.0.1:${srs.ports.HTTP_PORT}${path}`;
const playlist = async (srs: Srs, path = '/live/s.m3u8'): Promise<string> => {
  const reply = await fetch(at(srs, path));
  const text = await reply.text();
  return reply.status === 200 ? text : `${reply.status}`;
};
/** What the newest segment is called. */
const newest = async (srs: Srs): Promise<string> => (await playlist(srs)).trim().split('\n').at(-1) ?? '';
/** How the newest segment is encrypted. */
const method = async (srs: Srs): Promise<string> => {
  const list = await playlist(srs);
  return [...list.matchAll(/#EXT-X-KEY:METHOD=([A-Z0-9-]+)/g)].at(-1)?.[1] ?? 'NONE';
};
/** PIDs of media in the newest segment. */
const tracks = async (srs: Srs): Promise<string> => {
  const { pids } = checkTs(await fetchBytes(at(srs, `/live/${await newest(srs)}`)));
  return [0x100, 0x101].filter((pid) => pids.has(pid)).join();
};
const durations = async (srs: Srs): Promise<number[]> =>
  [...(await playlist(srs)).matchAll(/#EXTINF:([\d.]+)/g)].map(([, seconds]) => Math.round(Number(seconds)));
const files = (srs: Srs, dir: string): number =>
  existsSync(join(srs.dir, dir, 'live'))
    ? readdirSync(join(srs.dir, dir, 'live')).filter((name) => name.endsWith('.ts') || name.endsWith('.m3u8')).length
    : 0;

const acts: readonly Act[] = [
  { directive: 'hls_keys on;', probe: method, plain: 'NONE', changed: 'AES-128' },
  { directive: 'hls_path files;', probe: (srs) => files(srs, 'files') > 3, plain: false, changed: true },
  {
    directive: 'hls_path other; hls_storage disk;',
    probe: async (srs) => [files(srs, 'other') > 3, (await playlist(srs)).slice(0, 7)],
    plain: [false, '#EXTM3U'],
    changed: [true, '404'],
  },
  {
    directive: 'hls_m3u8_file [app]/[stream]/list.m3u8;',
    probe: async (srs) => [(await playlist(srs)).slice(0, 7), (await playlist(srs, '/live/s/list.m3u8')).slice(0, 7)],
    plain: ['#EXTM3U', '404'],
    changed: ['404', '#EXTM3U'],
  },
  {
    directive: 'hls_ts_file [app]/[stream]-x[seq].ts;',
    probe: async (srs) => (await newest(srs)).startsWith('s-x'),
    plain: false,
    changed: true,
  },
  {
    directive: 'hls_entry_prefix http://cdn/;',
    probe: async (srs) => (await newest(srs)).startsWith('http://cdn/live/s-'),
    plain: false,
    changed: true,
  },
  { directive: 'hls_acodec an;', probe: tracks, plain: '256,257', changed: '256' },
  { directive: 'hls_vcodec vn;', probe: tracks, plain: '256,257', changed: '257' },
  {
    directive: 'hls_wait_keyframe off;',
    probe: async (srs) => (await durations(srs)).at(-1),
    plain: 2,
    changed: 1,
  },
  {
    directive: 'hls_aof_ratio 1;',
    probe: async (srs) => ((await durations(srs)).at(-1) ?? 0) < 2,
    plain: false,
    changed: true,
  },
  {
    directive: 'hls_ctx on;',
    probe: async (srs) => (await playlist(srs)).includes('STREAM-INF'),
    plain: false,
    changed: true,
  },
];

withPeers('ffmpeg')('reload of HLS under a live stream', () => {
  test('each row acts and can be taken back; numbers never go back, the RTMP player loses nothing', {
    timeout: 120_000,
  }, async () => {
    const srs = await startSrs({ config });
    const stop = await pump(srs.url('live', 's'), await flvMessages(await clip({ seconds: 12 })));
    const player = await record(srs.url('live', 's'));
    await until('there is a playlist', async () => (await playlist(srs)) !== '404');
    const plain = readFileSync(srs.configFile, 'utf8');
    let sequence = 0;
    const reload = async (text: string): Promise<void> => {
      const list = await playlist(srs);
      const now = Number(/MEDIA-SEQUENCE:(\d+)/.exec(list)?.[1] ?? sequence);
      expect(now).toBeGreaterThanOrEqual(sequence);
      sequence = now;
      writeFileSync(srs.configFile, text);
      const before = srs.log().length;
      srs.signal('SIGHUP');
      await until('the reload is answered', () => /configuration reloaded|reload failed/.test(srs.log().slice(before)));
    };
    for (const { directive, probe, plain: before, changed } of acts) {
      await expect.poll(() => probe(srs), { timeout: 15_000, message: `before ${directive}` }).toEqual(before);
      await reload(plain.replace('# here', directive));
      await expect.poll(() => probe(srs), { timeout: 15_000, message: directive }).toEqual(changed);
      await reload(plain);
      await expect.poll(() => probe(srs), { timeout: 15_000, message: `without ${directive}` }).toEqual(before);
    }
    // Files of places that are not in use any more are gone.
    await until('old files are gone', () => files(srs, 'files') + files(srs, 'other') === 0);
    expect(player.closed()).toBe(false);
    expect(neverBack(times(player.media(), 'video'))).toBe(true);
    const video = times(player.media(), 'video');
    expect(video.every((time, i) => i === 0 || time - (video[i - 1] as number) < 100)).toBe(true);
    stop();
  });

  test('hls_on_error: continue leaves it out, ignore ends HLS for the publish, disconnect closes the publisher', async () => {
    const speex = (await flvMessages(await clip({ seconds: 12, video: 'none', audio: 'speex' }))).filter(
      (m) => m.kind === 'audio',
    );
    const video = (await flvMessages(await clip({ seconds: 12, audio: 'none' }))).filter((m) => m.kind === 'video');
    const mixed = [...video, ...speex].sort((a, b) => a.timestamp - b.timestamp);
    const srs = await startSrs({ config });
    const plain = readFileSync(srs.configFile, 'utf8');
    for (const [directive, outcome] of [
      ['hls_on_error continue;', 'listed'],
      ['hls_on_error ignore;', 'not listed'],
      ['hls_on_error disconnect;', 'closed'],
    ] as const) {
      writeFileSync(srs.configFile, plain.replace('# here', directive));
      const before = srs.log().length;
      srs.signal('SIGHUP');
      await until('the reload is answered', () => srs.log().slice(before).includes('configuration reloaded'));
      const name = outcome.replace(' ', '');
      let closed = false;
      const client = await publish(srs.url('live', name), { onClose: () => (closed = true) });
      for (const message of mixed) if (!closed) client.send(message);
      if (outcome === 'closed') await until('the publisher is closed', () => closed);
      else {
        const said = () => srs.log().slice(before);
        await until('it came in', () => said().includes(`live/${name}`) && said().includes('left out of HLS'));
        const watcher = await record(srs.url('live', name));
        await watcher.until('the stream goes on', (m) => m.length > 5);
        const reason = 'not a codec of HLS segments';
        const { streams } = (await apiOf(srs.ports.API_PORT)('/api/v1/streams')).body;
        expect(streams.find((one: { name: string }) => one.name === name)?.hls).toEqual({
          playlist: `/live/${name}.m3u8`,
          left_out: [{ codec: 'speex', reason }],
        });
        const onPage = (await (await fetch(at(srs, '/console/streams.json'))).json()) as {
          streams: { stream: string; hls: unknown }[];
        };
        expect(onPage.streams.find((one) => one.stream === name)?.hls).toEqual({
          playlist: `/live/${name}.m3u8`,
          leftOut: [{ codec: 'speex', reason }],
        });
        await expect
          .poll(async () => (await playlist(srs, `/live/${name}.m3u8`)).split('#EXTINF').length > 2, { timeout: 5000 })
          .toBe(outcome === 'listed');
        watcher.client.close();
        client.close();
      }
    }
  });
});
