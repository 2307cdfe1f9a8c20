import { connect } from 'node:net';
import { expect, test } from 'vitest';
import WebSocket from 'ws';
import { confOf, startHooks } from '../support/hook-server.js';
import { rss } from '../support/rss.js';
import { startSrs } from '../support/srs.js';

const HTTP = 'http_server { enabled on; listen HTTP_PORT; }';

test('one connection cannot ask for any number of streams at once: no hook, no memory for more than a few', async () => {
  const hooks = await startHooks();
  const vhost = `http_remux { enabled on; } http_hooks { enabled on; on_play ${hooks.url}/play; }`;
  const srs = await startSrs({ config: confOf(vhost, HTTP) });
  const socket = connect(srs.ports.HTTP_PORT ?? 0, '127.0.0.1');
  socket.on('error', () => undefined);
  const closed = new Promise((resolve) => socket.once('close', () => resolve('closed')));
  socket.write('GET /live/nobody.flv HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(2000));
  const waited = new Promise((resolve) => setTimeout(resolve, 3000, 'still open').unref());
  expect(await Promise.race([closed, waited])).toBe('closed');
  expect(hooks.of('on_play').length).toBeLessThanOrEqual(16);
  expect(srs.log()).toContain('more than 16 requests wait for their answers');
}, 20_000);

test('requests that are sent ahead, a few at a time, are all answered', async () => {
  const srs = await startSrs({ config: confOf('http_remux { enabled on; wait 0; }', HTTP) });
  const socket = connect(srs.ports.HTTP_PORT ?? 0, '127.0.0.1');
  let text = '';
  socket.setEncoding('latin1').on('data', (piece: string) => (text += piece));
  for (const round of [1, 2, 3]) {
    socket.write('GET /live/nobody.flv HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(16));
    await expect.poll(() => text.split('HTTP/1.1 404').length - 1, { timeout: 5000 }).toBe(16 * round);
  }
  socket.destroy();
}, 20_000);

test('a WebSocket player makes the server collect no long message', async () => {
  const srs = await startSrs({ config: confOf('http_remux { enabled on; publish on; }', HTTP) });
  const open = async (query: string): Promise<WebSocket> => {
    const socket = new WebSocket(`ws://127.0.0.1:${srs.ports.HTTP_PORT}/live/a.flv${query}`);
    await new Promise((resolve) => socket.once('open', resolve));
    return socket;
  };
  const publisher = await open('?publish');
  const before = rss(srs.pid);
  const players = await Promise.all(Array.from({ length: 8 }, () => open('')));
  const ends = players.map((player) => new Promise<number>((resolve) => player.once('close', resolve)));
  for (const player of players) player.on('error', () => undefined).send(Buffer.alloc(2 ** 24), { fin: false });
  const late = new Promise<number>((resolve) => setTimeout(resolve, 4000, 0).unref());
  for (const end of ends) expect(await Promise.race([end, late])).toBeGreaterThan(0);
  expect(rss(srs.pid) - before).toBeLessThan(60);
  expect(publisher.readyState).toBe(WebSocket.OPEN);
  publisher.terminate();
}, 20_000);
