import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { decodeComplaints } from '../support/decode.js';
import { probe } from '../support/ffprobe.js';
import { clip } from '../support/media.js';
import { withPeers } from '../support/peers.js';
import { background, run, until } from '../support/run.js';

/** A zombie that waits for process 1 has no program any more, so it does not count. */
const isRunning = (pid: string): boolean => existsSync(`/proc/${pid}/exe`);

describe('running programs', () => {
  test('a program that does not end in time is killed', async () => {
    const started = performance.now();
    await expect(run('sleep', ['60'], { timeoutMs: 200 })).rejects.toThrow('sleep was not done after 200 ms');
    assert.ok(performance.now() - started < 5_000);
  });

  test('a program that does not exist is an error', async () => {
    await expect(run('no-such-program', [])).rejects.toThrow('ENOENT');
  });

  test('stop ends the whole family', async () => {
    const shell = background('sh', ['-c', 'sleep 60 & echo $!; wait']);
    const child = await until('the shell has started its child', () => /\d+/.exec(shell.log())?.[0]);
    assert.ok(isRunning(child));
    await shell.stop();
    await until('the child is gone', () => !isRunning(child));
  });

  let left: string | undefined;
  test('what a test leaves running…', () => {
    left = `${background('sleep', ['60']).pid}`;
    assert.ok(isRunning(left));
  });
  test('…is gone before the next one', () => assert.ok(left !== undefined && !isRunning(left)));
});

withPeers('ffmpeg')('test clips', () => {
  test.for([
    { options: {}, streams: ['video:h264', 'audio:aac'] },
    { options: { bFrames: 1 }, streams: ['video:h264', 'audio:aac'] },
    { options: { bFrames: 4 }, streams: ['video:h264', 'audio:aac'] },
    { options: { audio: 'none' }, streams: ['video:h264'] },
    { options: { video: 'none' }, streams: ['audio:aac'] },
    { options: { video: 'none', audio: 'mp3' }, streams: ['audio:mp3'] },
    { options: { video: 'none', audio: 'speex' }, streams: ['audio:speex'] },
    { options: { video: 'flv1', audio: 'mp3' }, streams: ['video:flv1', 'audio:mp3'] },
  ] as const)('$options is $streams, decodes, has key frames every 2 s', async ({ options, streams }) => {
    const file = await clip({ ...options, seconds: 5 });
    const seen = await probe(file, 5);
    assert.deepEqual(seen.streams.sort(), [...streams].sort());
    assert.deepEqual(await decodeComplaints(file, 5), []);
    const video = seen.packets.filter((packet) => packet.type === 'video');
    if (video.length === 0) return;
    const keys = video.filter((packet) => packet.isKey).map((packet) => Math.round(packet.dts - (video[0]?.dts ?? 0)));
    assert.deepEqual(keys, [0, 2, 4]);
    const delayed = video.some((packet) => packet.pts - packet.dts > 0.041);
    assert.equal(delayed, 'bFrames' in options);
  });

  test('the standard clip is 30 s of about 500 kbps', async () => {
    const { packets } = await probe(await clip(), 60);
    const bytes = packets.reduce((sum, packet) => sum + packet.bytes, 0);
    const last = Math.max(...packets.map((packet) => packet.dts));
    assert.ok(Math.abs(last - 30) < 0.5, `${last} s`);
    expect((bytes * 8) / last).toBeGreaterThan(400_000);
    expect((bytes * 8) / last).toBeLessThan(600_000);
  });
});
