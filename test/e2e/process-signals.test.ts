import { existsSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startHooks } from '../support/hook-server.js';
import { RawPeer } from '../support/raw-peer.js';
import { until } from '../support/run.js';
import { startSrs } from '../support/srs.js';

test('SIGUSR1: after a rename, as logrotate does it, lines go to a new file and none to the old one', async () => {
  const srs = await startSrs({
    config: 'listen PORT; pid DIR/srs.pid; srs_log_tank file; srs_log_file DIR/srs.log; vhost __defaultVhost__ { }',
  });
  const [log, rotated] = [join(srs.dir, 'srs.log'), join(srs.dir, 'srs.log.1')];
  await until('it has written', () => existsSync(log) && readFileSync(log, 'utf8').includes('srs is running'));
  renameSync(log, rotated);
  srs.signal('SIGUSR1');
  await until('a new file', () => existsSync(log));
  const before = readFileSync(rotated, 'utf8');
  await RawPeer.playing(srs.port, 'after-rotation');
  await until('the play is logged', () => readFileSync(log, 'utf8').includes('after-rotation'));
  expect(readFileSync(rotated, 'utf8')).toBe(before);
});

test('a second SIGTERM does not wait for a hook that hangs', async () => {
  const hooks = await startHooks({ on_close: () => undefined });
  const srs = await startSrs({
    config: `listen PORT; pid DIR/srs.pid; srs_log_tank console;
vhost __defaultVhost__ { http_hooks { enabled on; on_close ${hooks.url}; } }`,
  });
  await RawPeer.playing(srs.port, 's');
  srs.signal('SIGTERM');
  await until('it stops', () => srs.log().includes('stopping'));
  await until('the hook hangs', () => hooks.calls.some(({ body }) => body.action === 'on_close'));
  const asked = performance.now();
  srs.signal('SIGTERM');
  expect((await srs.ended).code).toBe(1);
  expect(performance.now() - asked).toBeLessThan(4000);
});
