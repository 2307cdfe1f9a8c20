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
import { pause } from '../../support/streams.js';

function pushTo(port: number): PushTask {
  const { config } = parseConfig('listen 1935; vhost __defaultVhost__ { }', 'push');
  const hub = new StreamHub(() => config, systemClock, new FanoutGovernor(systemClock), {});
  const name = { vhost: '__defaultVhost__', app: 'live', stream: 's' };
  const to = resolveDestination(`127.0.0.1:${port}`, name);
  return new PushTask(hub.obtain(name), () => [to], {
    what: 'push',
    retry: { first: ms(200), cap: ms(200) },
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
}

test('a destination that refuses the stream and keeps the connection open is hung up on at once', async () => {
  const door = await startDoor('refuses');
  const task = pushTo(door.port);
  await expect(task.prepare(ms(10_000))).rejects.toThrow('not you');
  await until('the connection is gone', () => door.open() === 0);
  await task.stop();
});

test('a connection that is lost before there is a publisher, and made anew for the next one, is made once', async () => {
  const door = await startDoor('reads nothing');
  const task = pushTo(door.port);
  await task.prepare(ms(10_000));
  door.hangUp();
  await until('the loss is noticed', () => task.status.state === 'retrying');
  await task.prepare(ms(10_000));
  await pause(400);
  expect(task.status.state).toBe('live');
  expect(door.connects).toHaveLength(2);
  door.hangUp();
  await task.stop();
});
