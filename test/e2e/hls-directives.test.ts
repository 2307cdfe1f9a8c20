import { createDecipheriv } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { fetchPlaylist, send } from '../support/hls.js';
import { until } from '../support/run.js';
import { type SrsOptions, startSrs } from '../support/srs.js';
import { publish } from '../support/streams.js';
import { tag } from '../support/synthetic.js';
import { checkTs } from '../support/ts-check.js';

const SECONDS = 12;

/** A server whose HLS has these directives, after so many seconds of sound; files are in `dir`/hls. */
async function soundOf(directives: string, options: SrsOptions = {}) {
  const dir = await mkdtemp(join(tmpdir(), 'srs-hls-directives-'));
  onTestFinished(() => rm(dir, { recursive: true }));
  const srs = await startSrs({
    ...options,
    dir,
    config: `listen PORT; pid DIR/srs.pid; srs_log_tank console; http_server { enabled on; listen HTTP_PORT; dir DIR; }
${options.config ?? ''}
vhost __defaultVhost__ { hls { enabled on; hls_fragment 1; hls_window 3; hls_path DIR/hls; ${directives} } }`,
  });
  const publisher = await publish(srs.url('live', 's'));
  const frames = Array.from({ length: (SECONDS * 1000) / 20 }, (_, i) => tag.audio(i * 20));
  await send(publisher, [tag.aacConfig(), ...frames]);
  const url = `http://127.0.0.1:${srs.ports.HTTP_PORT}/live/s.m3u8`;
  const playlist = join(dir, 'hls/live/s.m3u8');
  await until('the last segment is listed', async () => {
    const list = await fetchPlaylist(url);
    const text = existsSync(playlist) ? readFileSync(playlist, 'utf8') : '';
    return list !== undefined && list.sequence > 0 && text.includes(list.segments.at(-1)?.uri ?? '?') && list;
  });
  return { srs, dir, playlist };
}

const filesIn = (dir: string): string[] =>
  existsSync(dir) ? readdirSync(dir, { recursive: true, encoding: 'utf8' }).filter((name) => /\.\w+$/.test(name)) : [];

test.each([
  ['on', 0],
  ['off', 3],
])('hls_cleanup %s: segments that stay when the stream is over', async (written, count) => {
  const { srs, dir } = await soundOf(`hls_cleanup ${written};`);
  await srs.stop();
  const left = filesIn(join(dir, 'hls')).filter((name) => !name.startsWith('.srs-own-'));
  expect(left.every((name) => name.endsWith('.ts'))).toBe(true);
  expect(left.length).toBeGreaterThanOrEqual(count);
  if (count === 0) expect(left).toEqual([]);
});

test('hls_key_file_path, hls_key_url: keys are in files of their own, and players ask for them elsewhere', async () => {
  const { dir, playlist } = await soundOf(
    'hls_keys on; hls_key_file_path DIR/keys; hls_key_url https://keys.example/k/;',
  );
  const entries = [
    ...readFileSync(playlist, 'utf8').matchAll(
      /URI="https:\/\/keys\.example\/k\/([^"]+)",IV=0x(\w+)\n#EXT-X-PROGRAM-DATE-TIME.*\n#EXTINF.*\n(.+)/g,
    ),
  ];
  expect(entries.length).toBeGreaterThan(0);
  for (const [, key = '', iv = '', segment = ''] of entries) {
    const decipher = createDecipheriv('aes-128-cbc', readFileSync(join(dir, 'keys', key)), Buffer.from(iv, 'hex'));
    const sealed = readFileSync(join(playlist, '..', segment));
    expect(checkTs(Buffer.concat([decipher.update(sealed), decipher.final()])).faults).toEqual([]);
  }
  expect(filesIn(join(dir, 'hls')).filter((name) => name.endsWith('.key'))).toEqual([]);
});

test.each([
  ['on', 0],
  ['off', 12],
])('utc_time %s: hours in names of files, twelve hours east of Greenwich', async (written, ahead) => {
  const { playlist } = await soundOf('hls_ts_file [app]/[15]_[seq].ts;', {
    config: `utc_time ${written};`,
    env: { TZ: 'Etc/GMT-12' },
  });
  const hour = Number(/^(\d\d)_\d+\.ts$/m.exec(readFileSync(playlist, 'utf8'))?.[1]);
  // An hour may have begun since.
  expect([ahead, (ahead + 23) % 24]).toContain((hour - new Date().getUTCHours() + 24) % 24);
});
