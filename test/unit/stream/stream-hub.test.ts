import { expect, test } from 'vitest';
import { parseConfig } from '../../../src/config/index.js';
import { FanoutGovernor, StreamHub, Viewer } from '../../../src/stream/index.js';
import { FakeClock } from '../../support/fake-clock.js';
import { FakeSink } from '../../support/fake-sink.js';
import { plainFormat } from '../../support/frames.js';

const NAME = { vhost: '__defaultVhost__', app: 'live', stream: 's' };

test('an output that lets go of a stream late takes nothing from the next one of its name', () => {
  const { config } = parseConfig('listen 1935; vhost __defaultVhost__ { }', 'test.conf');
  const clock = new FakeClock();
  const hub = new StreamHub(() => config, clock, new FanoutGovernor(clock), {});
  const former = hub.obtain(NAME);
  const player = new Viewer(new FakeSink());
  former.join(player, plainFormat);
  former.leave(player);
  expect(hub.size).toBe(0);

  const waiting = hub.obtain(NAME);
  waiting.join(new Viewer(new FakeSink()), plainFormat);
  former.releaseIfIdle();
  expect(hub.obtain(NAME)).toBe(waiting);
});

test('of what comes with a name a stream keeps the name alone', () => {
  const { config } = parseConfig('listen 1935; vhost __defaultVhost__ { }', 'test.conf');
  const clock = new FakeClock();
  const hub = new StreamHub(() => config, clock, new FanoutGovernor(clock), {});
  const client = { ...NAME, param: '?token=secret' };
  expect(hub.obtain(client).name).toEqual(NAME);
});
