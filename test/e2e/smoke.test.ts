import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished, test } from 'vitest';
import { decodeComplaints } from '../support/decode.js';
import { probe } from '../support/ffprobe.js';
import { clip } from '../support/media.js';
import { withPeers } from '../support/peers.js';
import { background, until } from '../support/run.js';
import { startSrs } from '../support/srs.js';

withPeers('ffmpeg')('the built program', () => {
  test('listens, carries a stream from ffmpeg to ffmpeg and ends with 0 on SIGTERM', async () => {
    const srs = await startSrs();
    const url = srs.url('live', 'livestream');
    background('ffmpeg', [
      '-v',
      'error',
      '-re',
      '-stream_loop',
      '-1',
      '-i',
      await clip(),
      '-c',
      'copy',
      '-f',
      'flv',
      url,
    ]);

    const seen = await until('the stream is there', () => probe(url, 3).catch(() => undefined), 20_000);
    // ffprobe shows the play status messages as a data track of its own.
    assert.deepEqual(seen.streams.filter((s) => !s.startsWith('data')).sort(), ['audio:aac', 'video:h264']);
    assert.equal(seen.packets.find((packet) => packet.type === 'video')?.isKey, true);
    assert.deepEqual(await decodeComplaints(url, 5), []);

    assert.equal((await srs.stop()).code, 0);
  });

  test('comes back after a crash on the same port, over its stale pid file', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'srs-crash-'));
    onTestFinished(() => rm(dir, { recursive: true }));
    const crashed = await startSrs({ dir });
    assert.equal((await crashed.kill9()).signal, 'SIGKILL');
    const back = await startSrs({ dir, ports: crashed.ports });
    assert.notEqual(back.pid, crashed.pid);
    assert.equal((await back.stop()).code, 0);
  });
});
