import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { probe } from '../support/ffprobe.js';
import { clip } from '../support/media.js';
import { withPeers } from '../support/peers.js';
import { run } from '../support/run.js';

const program = join(import.meta.dirname, '../../dist/srs.mjs');
const dir = mkdtempSync(join(tmpdir(), 'srs-ts-info-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const tsInfo = (...args: string[]) => run(process.execPath, [program, 'ts-info', ...args]);

withPeers('ffmpeg')('srs ts-info', () => {
  test('of what ffmpeg made: the same packets and times as ffprobe has; from standard input, too', async () => {
    const file = join(dir, 'ffmpeg.ts');
    const made = await run('ffmpeg', [
      '-v',
      'error',
      '-i',
      await clip({ seconds: 12, bFrames: 2 }),
      '-c',
      'copy',
      '-f',
      'mpegts',
      file,
    ]);
    expect(made.stderr).toBe('');
    const end = await tsInfo(file);
    expect([end.code, end.stderr]).toEqual([0, '']);
    expect(end.stdout).toContain('PMT in pid 0x1000: H.264 in pid 0x100, AAC in pid 0x101; clock in pid 0x100');
    const probed = await probe(file, 60);
    const theirs = probed.packets.flatMap(({ type, pts, dts }) =>
      type === 'video' ? [`${pts.toFixed(3)} ${dts.toFixed(3)}`] : [],
    );
    const ours = [...end.stdout.matchAll(/PES pid 0x100 .* pts (\S+) dts (\S+)/g)].map(
      ([, pts, dts]) => `${pts} ${dts}`,
    );
    expect(ours.length).toBe(300);
    expect(ours).toEqual(theirs);
    expect(end.stdout).toMatch(
      new RegExp(`\n${readFileSync(file).length / 188} packets, \\d+ PES packets, 0 faults\n$`),
    );

    const child = spawn('sh', ['-c', `"${process.execPath}" "${program}" ts-info - < "${file}"`]);
    let piped = '';
    child.stdout.on('data', (text) => (piped += text));
    await new Promise((done) => child.once('close', done));
    expect(piped).toBe(end.stdout);
  });

  test('faults, and files that are none', async () => {
    const ts = readFileSync(join(dir, 'ffmpeg.ts'));
    const torn = join(dir, 'torn.ts');
    writeFileSync(torn, Buffer.concat([ts.subarray(0, 188 * 50), ts.subarray(188 * 52, 188 * 100 + 50)]));
    const end = await tsInfo(torn, '--packets');
    expect(end.code).toBe(1);
    expect(end.stdout).toMatch(/packet 50: FAULT pid 0x10\d: counter \d+ is followed by \d+/);
    expect(end.stdout).toContain('FAULT 50 bytes are no packet');
    expect(end.stdout.match(/^packet \d+: pid/gm)).toHaveLength(98);
    writeFileSync(torn, 'no transport stream');
    expect(await tsInfo(torn)).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('0 packets, 0 PES packets, 1 faults'),
    });
    expect(await tsInfo(join(dir, 'missing.ts'))).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/cannot read .*missing\.ts: there is no such file or directory/),
    });
  });
});
