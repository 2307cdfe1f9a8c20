import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { unprivileged } from '../../scripts/lib/peers.mjs';
import { probe } from '../support/ffprobe.js';
import { clip } from '../support/media.js';
import { withPeers } from '../support/peers.js';
import { background, run, until } from '../support/run.js';
import { type Srs, startSrs } from '../support/srs.js';
import { pushFile } from '../support/streams.js';

const root = join(import.meta.dirname, '../..');
/** Players without a screen and a sound card. */
const env = { ...process.env, SDL_VIDEODRIVER: 'dummy', SDL_AUDIODRIVER: 'dummy' };
const dir = mkdtempSync(join(tmpdir(), 'srs-docs-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** Fenced blocks whose info string ends in ` run`. @returns their text, each with the line where it starts. */
function blocks(page: string, language: string): Array<[line: number, text: string]> {
  const text = readFileSync(join(root, 'docs', page), 'utf8');
  return [...text.matchAll(new RegExp(`^\`\`\`${language} run\\n(.*?)^\`\`\``, 'gms'))].map((m) => [
    text.slice(0, m.index).split('\n').length,
    m[1] ?? '',
  ]);
}

const withHost = (text: string, srs: Srs): string =>
  text.replaceAll(/\b(HOST|127\.0\.0\.1)\//g, `127.0.0.1:${srs.port}/`);
const started = (srs: Srs): number => srs.log().match(/"(publish|play) started"/g)?.length ?? 0;

withPeers(
  'ffmpeg',
  'rtmpdump',
  'gstreamer',
  'vlc',
)('the commands of the pages run', () => {
  let movie: string;

  beforeAll(async () => {
    movie = join(dir, 'movie.mp4');
    await run('ffmpeg', ['-v', 'error', '-i', await clip(), '-c', 'copy', movie]);
    mkdirSync(join(dir, 'node_modules'));
    symlinkSync(root, join(dir, 'node_modules/simple-rtmp-server'));
  });

  // Each block publishes or plays; one that goes on for ever is well if it still runs after a while.
  test.each(blocks('rtmp.md', 'sh'))('docs/rtmp.md:%i', { timeout: 40_000 }, async (_, text) => {
    const srs = await startSrs();
    if (!/-f flv|sink/.test(text)) {
      pushFile(movie, srs.url('live', 'livestream'));
      await until('a stream to play', () => started(srs) === 1);
    }
    const before = started(srs);
    const shell = ['bash', ['-ec', withHost(text, srs)]] as const;
    const [command, args] = text.includes('vlc') ? unprivileged(shell[0], [...shell[1]]) : shell;
    const program = background(command, args, { cwd: dir, env });
    await until('it publishes or plays', () => started(srs) > before, 15_000);
    const ended = await Promise.race([
      program.ended,
      new Promise<undefined>((go) => setTimeout(() => go(undefined), 3500)),
    ]);
    expect(ended?.code ?? 0, program.log()).toBe(0);
    await program.stop();
    expect((await srs.stop()).code).toBe(0);
  });

  // Each block works on recordings, one alone and several segments, in the directory where they are.
  test('docs/dvr.md', { timeout: 40_000 }, async () => {
    const srs = await startSrs({
      config: `listen PORT; pid DIR/srs.pid; srs_log_tank console; vhost __defaultVhost__ { publish { grace 0.1; }
        dvr { enabled on; dvr_path DIR/rec/[stream].[timestamp].flv; dvr_plan segment; dvr_duration 2; } }`,
    });
    const rec = join(srs.dir, 'rec');
    const push = ['-v', 'error', '-t', '6', '-i', movie, '-c', 'copy', '-f', 'flv', srs.url('live', 'livestream')];
    await run('ffmpeg', push);
    const files = await until('all segments are closed', () => {
      const names = existsSync(rec) ? readdirSync(rec).filter((name) => name.startsWith('livestream')) : [];
      return names.length === 3 && names.every((name) => name.endsWith('.flv')) && names;
    });
    copyFileSync(join(rec, files[0] ?? ''), join(rec, 'livestream.flv'));
    const found = blocks('dvr.md', 'sh');
    expect(found).toHaveLength(2);
    for (const [, text] of found) {
      const end = await run('bash', ['-ec', text], { cwd: rec });
      expect(end.code, end.stderr).toBe(0);
      expect(end.stderr).toBe('');
    }
    expect((await probe(join(rec, 'whole.mp4'), 60)).packets.filter(({ type }) => type === 'video')).toHaveLength(150);
    expect((await srs.stop()).code).toBe(0);
  });

  test.each(blocks('client.md', 'js'))('docs/client.md:%i', { timeout: 40_000 }, async (line, text) => {
    const srs = await startSrs();
    if (!text.includes('.publish(')) pushFile(movie, srs.url('live', 'livestream'));
    await run('ffmpeg', ['-v', 'error', '-y', '-i', movie, '-t', '3', '-c', 'copy', join(dir, 'movie.flv')]);
    const file = join(dir, `example-${line}.mjs`);
    writeFileSync(file, withHost(text, srs));
    const end = await run(process.execPath, [file], { cwd: dir });
    expect(end.code, end.stderr).toBe(0);
    expect(started(srs)).toBeGreaterThan(0);
    expect((await srs.stop()).code).toBe(0);
  });
});
