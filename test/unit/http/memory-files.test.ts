import { EventEmitter } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { expect, onTestFinished, test } from 'vitest';
import { parseConfig } from '../../../src/config/index.js';
import { ms } from '../../../src/core/index.js';
import { Arrivals } from '../../../src/deliver/hls/arrivals.js';
import { type MemoryFile, MemoryFiles } from '../../../src/http/memory-files.js';
import type { HttpEnvironment } from '../../../src/http/ports.js';
import { FakeClock } from '../../support/fake-clock.js';

const stream = { vhost: '__defaultVhost__', app: 'live', stream: 's' };
const { config } = parseConfig('listen 1935; vhost __defaultVhost__ { }', 'test');

/** A playlist without a segment, and somebody who asks for it. */
function asked(method = 'GET') {
  const clock = new FakeClock();
  const arrivals = new Arrivals(clock);
  const place = '__defaultVhost__ /live/s.m3u8';
  let text: string | undefined;
  let isAwaited = true;
  let file: MemoryFile | undefined = {
    kind: 'playlist',
    stream,
    text: () => text,
    bandwidth: () => 0,
    isAwaited: () => isAwaited,
  };
  const files = new MemoryFiles({
    clock,
    clients: { add: () => undefined, remove: () => undefined },
    gate: { play: async () => ({}), stopped: () => undefined },
    hls: () => file,
    hlsArrival: (_vhost: string, path: string, within: number) => arrivals.wait(`__defaultVhost__ ${path}`, ms(within)),
    config: () => config,
  } as unknown as HttpEnvironment);
  onTestFinished(() => files.close());
  const answer: { status?: number; body?: string } = {};
  const response = Object.assign(new EventEmitter(), {
    destroyed: false,
    writeHead: (status: number) => Object.assign(answer, { status }),
    end: (body: string) => Object.assign(answer, { body }),
  });
  const message = { method, url: '/live/s.m3u8', headers: {}, socket: { remoteAddress: '10.0.0.1', remotePort: 1 } };
  const taken = files.answers(message as unknown as IncomingMessage, response as unknown as ServerResponse);
  const settle = async () => {
    for (let i = 0; i < 4; i++) await new Promise((resolve) => setImmediate(resolve));
    return answer;
  };
  const become = (what: { text?: string; gone?: boolean }) => {
    text = what.text;
    isAwaited = false;
    if (what.gone === true) file = undefined;
    arrivals.tell(place);
  };
  return { clock, taken, response, settle, become };
}

test('a playlist that is asked for before its first segment is answered with it', async () => {
  const { taken, settle, become, response } = asked();
  expect(taken).toBe(true);
  expect(await settle()).toEqual({});
  become({ text: '#EXTM3U' });
  expect(await settle()).toEqual({ status: 200, body: '#EXTM3U' });
  expect(response.listenerCount('close')).toBe(0);
});

test('after 10 s without one it is 404', async () => {
  const { clock, settle } = asked();
  clock.advance(9900);
  expect(await settle()).toEqual({});
  clock.advance(100);
  expect(await settle()).toMatchObject({ status: 404 });
});

test.each([
  ['nothing of the stream can be in it', {}],
  ['HLS is turned off', { gone: true }],
])('%s: 404 at once', async (_why, news) => {
  const { settle, become } = asked();
  expect(await settle()).toEqual({});
  become(news);
  expect(await settle()).toMatchObject({ status: 404 });
});

test('who closes the connection waits no more', async () => {
  const { response, settle, clock } = asked();
  await settle();
  const timers = clock.timers;
  response.destroyed = true;
  response.emit('close');
  await settle();
  expect(clock.timers).toBe(timers - 1);
  expect(response.listenerCount('close')).toBe(0);
});
