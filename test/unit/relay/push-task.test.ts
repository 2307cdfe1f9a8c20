import { expect, test } from 'vitest';
import { parseConfig } from '../../../src/config/index.js';
import { ms } from '../../../src/core/index.js';
import { systemClock } from '../../../src/kernel/index.js';
import { Deadlines } from '../../../src/link/index.js';
import { PushTask, resolveDestination } from '../../../src/relay/index.js';
import { FanoutGovernor, StreamHub } from '../../../src/stream/index.js';
import { logToMemory } from '../../support/log-lines.js';
import { startDoor } from '../../support/rtmp-door.js';
import { until } from '../../support/run.js';

test('a destination that refuses the stream and keeps the connection open is hung up on at once', async () => {
  const door = await startDoor('refuses');
  const { config } = parseConfig('listen 1935; vhost __defaultVhost__ { }', 'push');
  const hub = new StreamHub(() => config, systemClock, new FanoutGovernor(systemClock), {});
  const name = { vhost: '__defaultVhost__', app: 'live', stream: 's' };
  const to = resolveDestination(`127.0.0.1:${door.port}`, name);
  const task = new PushTask(hub.obtain(name), () => [to], {
    what: 'push',
    retry: { first: ms(500), cap: ms(500) },
    timeout: ms(60_000),
    clock: systemClock,
    log: logToMemory().log,
    deadlines: new Deadlines(systemClock),
    chunkSize: () => 60_000,
    trail: () => '',
    identity: () => undefined,
    leadsBack: () => false,
    tls: async () => ({}),
  });
  await expect(task.prepare(ms(10_000))).rejects.toThrow('not you');
  await until('the connection is gone', () => door.open() === 0);
  await task.stop();
});
