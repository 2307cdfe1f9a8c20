import { expect, test } from 'vitest';
import { fetchBytes, fetchPlaylist, type Playlist } from '../support/hls.js';
import { clip } from '../support/media.js';
import { withPeers } from '../support/peers.js';
import { background, until } from '../support/run.js';
import { type Srs, startSrs } from '../support/srs.js';

const config = `
listen PORT;
pid DIR/srs.pid;
srs_log_tank console;
http_server { enabled on; listen HTTP_PORT; dir DIR; }
vhost __defaultVhost__ { atc on; hls { enabled on; hls_fragment 2; hls_window 60; hls_ts_floor on; hls_ts_file [app]/[stream]-[timestamp].ts; } }
`;
const base = (srs: Srs): string => `http://127.0.0.1:${srs.ports.HTTP_PORT}/live`;
const playlist = (srs: Srs): Promise<Playlist | undefined> => fetchPlaylist(`${base(srs)}/s.m3u8`);
/** `NUMBER NAME DURATION` of what is listed. */
const listed = (list: Playlist | undefined): string[] =>
  list?.segments.map(({ uri, duration }, i) => `${list.sequence + i} ${uri} ${duration}`) ?? [];

withPeers('ffmpeg')('a cluster: two servers fed by one encoder', () => {
  test('cut the same pieces, number and name them alike; when one dies the other has what comes next', {
    timeout: 120_000,
  }, async () => {
    const [one, two] = await Promise.all([startSrs({ config }), startSrs({ config })]);
    const outputs = [one, two].map((srs) => `[f=flv:onfail=ignore]${srs.url('live', 's')}`).join('|');
    const offset = `${Math.floor(Date.now() / 1000) % 2_147_483}`;
    const input = ['-v', 'error', '-re', '-stream_loop', '-1', '-i', await clip({ seconds: 12 })];
    background('ffmpeg', [...input, '-c', 'copy', '-map', '0', '-output_ts_offset', offset, '-f', 'tee', outputs]);
    const common = await until(
      'both list the same, three segments and more',
      async () => {
        const [a, b] = [listed(await playlist(one)), listed(await playlist(two))];
        const both = a.filter((line) => b.includes(line));
        // One may be ahead by what has ended in between.
        const isAlike = [a, b].every((list) => list.length - both.length <= 1);
        return both.length >= 3 && isAlike && both;
      },
      60_000,
    );
    for (const line of common) {
      const name = line.split(' ')[1];
      expect(await fetchBytes(`${base(one)}/${name}`)).toEqual(await fetchBytes(`${base(two)}/${name}`));
    }
    const last = listed(await playlist(one)).at(-1) as string;
    await one.kill9();
    const after = await until(
      'the other one goes on',
      async () => {
        const lines = listed(await playlist(two));
        const at = lines.indexOf(last);
        return at >= 0 && lines.length > at + 2 ? lines.slice(at) : undefined;
      },
      30_000,
    );
    const numbers = after.map((line) => Number(line.split(' ')[0]));
    expect(numbers).toEqual(numbers.map((_, i) => (numbers[0] as number) + i));
  });
});
