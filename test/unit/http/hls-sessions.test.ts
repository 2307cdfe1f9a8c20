import type { IncomingMessage } from 'node:http';
import { beforeEach, expect, test } from 'vitest';
import { parseConfig } from '../../../src/config/index.js';
import { HlsSessions } from '../../../src/http/hls-sessions.js';
import type { HttpEnvironment } from '../../../src/http/ports.js';
import { Refusals } from '../../../src/http/refusals.js';
import type { Client, StreamFacts } from '../../../src/stream/index.js';
import { FakeClock } from '../../support/fake-clock.js';
import { type LogLine, logToMemory } from '../../support/log-lines.js';

const SECOND = 1000;
const { config } = parseConfig('listen 1935; vhost long { hls { hls_fragment 30; } }', 'test');
const stream = { vhost: 'v', app: 'live', stream: 's' };

let clock: FakeClock;
let players: Set<Client>;
let stopped: StreamFacts[];
let renamed: string | undefined;
let sessions: HlsSessions;
let maxConnections: number;
let lines: LogLine[];

const from = (remoteAddress: string): IncomingMessage =>
  ({ socket: { remoteAddress, remotePort: 1 }, headers: {}, url: '/' }) as unknown as IncomingMessage;

beforeEach(() => {
  clock = new FakeClock();
  players = new Set();
  stopped = [];
  renamed = undefined;
  maxConnections = 3;
  const memory = logToMemory();
  lines = memory.lines;
  sessions = new HlsSessions({
    clock,
    clients: { add: (client: Client) => players.add(client), remove: (client: Client) => players.delete(client) },
    gate: {
      play: async () => ({ stream: renamed }),
      stopped: (facts: StreamFacts) => void stopped.push(facts),
    },
    refusals: new Refusals(clock, memory.log),
    config: () => ({ ...config, maxConnections }),
  } as unknown as HttpEnvironment);
});

test('a player that asks every few seconds stays one; 30 s after its last request it has stopped, once (R24)', async () => {
  const first = await sessions.admit(stream, from('10.0.0.1'), '');
  expect(first.since).toBe(clock.wall());
  for (let i = 0; i < 5; i++) {
    clock.advance(29 * SECOND);
    expect(await sessions.admit(stream, from('10.0.0.1'), '')).toBe(first);
  }
  expect([players.size, stopped.length]).toEqual([1, 0]);
  clock.advance(36 * SECOND);
  expect([players.size, stopped.length]).toEqual([0, 1]);
  clock.advance(60 * SECOND);
  expect(stopped).toHaveLength(1);
});

test('a player of long segments asks seldom, and stays one', async () => {
  await sessions.admit({ ...stream, vhost: 'long' }, from('10.0.0.1'), '');
  clock.advance(59 * SECOND);
  expect([players.size, stopped.length]).toEqual([1, 0]);
  clock.advance(60 * SECOND);
  expect([players.size, stopped.length]).toEqual([0, 1]);
});

test('queries made up by one client make no more players than max_connections', async () => {
  for (const n of [1, 2, 3]) await sessions.admit(stream, from('10.0.0.1'), `?q=${n}`);
  await expect(sessions.admit(stream, from('10.0.0.1'), '?q=4')).rejects.toThrow(/too many players/);
  await sessions.admit(stream, from('10.0.0.1'), '?q=3');
  clock.advance(36 * SECOND);
  await sessions.admit(stream, from('10.0.0.1'), '?q=4');
  expect(players.size).toBe(1);
});

test('one address has a quarter of all places, at least 16; others come in, and its own players stay', async () => {
  for (const [max, share] of [
    [100, 25],
    [40, 16],
  ] as const) {
    maxConnections = max;
    for (let n = 0; n < share; n++) await sessions.admit(stream, from('10.0.0.1'), `?q=${n}`);
    await expect(sessions.admit(stream, from('10.0.0.1'), '?q=x')).rejects.toThrow(/from this address/);
    await expect(sessions.offer(stream, from('10.0.0.1'), '?q=y')).rejects.toThrow(/from this address/);
    await sessions.admit(stream, from('10.0.0.1'), '?q=0');
    await sessions.admit(stream, from('10.0.0.2'), '');
    expect(players.size).toBe(share + 1);
    clock.advance(36 * SECOND);
    await sessions.admit(stream, from('10.0.0.1'), '?q=x');
    expect(players.size).toBe(1);
    clock.advance(36 * SECOND);
  }
});

test('who is refused takes no place', async () => {
  renamed = 'other';
  for (let n = 0; n < 20; n++)
    await expect(sessions.admit(stream, from('10.0.0.1'), `?q=${n}`)).rejects.toThrow(/one name/);
  renamed = undefined;
  await sessions.admit(stream, from('10.0.0.1'), '');
});

test('a refused player that goes on asking is named in the log once in 30 s, another address at once', async () => {
  renamed = 'other';
  for (let n = 0; n < 20; n++) {
    await expect(sessions.admit(stream, from('10.0.0.1'), '')).rejects.toThrow(/one name/);
    clock.advance(1 * SECOND);
  }
  await expect(sessions.admit(stream, from('10.0.0.2'), '')).rejects.toThrow(/one name/);
  const line = { level: 40, protocol: 'hls', stream: 'v/live/s', code: 'HOOK_REFUSED', msg: 'client refused' };
  expect(lines).toMatchObject([
    { ...line, peer: '10.0.0.1' },
    { ...line, peer: '10.0.0.2' },
  ]);
  clock.advance(10 * SECOND);
  await expect(sessions.admit(stream, from('10.0.0.1'), '')).rejects.toThrow(/one name/);
  expect(lines).toHaveLength(3);
});

test('a flood of refusals writes no more than 1000 lines in 30 s', async () => {
  renamed = 'other';
  for (let n = 0; n < 1100; n++)
    await expect(sessions.admit({ ...stream, stream: `s${n}` }, from('10.0.0.1'), '')).rejects.toThrow(/one name/);
  expect(lines).toHaveLength(1000);
});

test('a hook that gives the stream another name, or answers when the server has stopped: refused, and its end is told', async () => {
  renamed = 'other';
  await expect(sessions.admit(stream, from('10.0.0.1'), '')).rejects.toThrow(/one name/);
  expect(stopped.map(({ stream: name }) => name)).toEqual(['other']);
  renamed = undefined;
  const late = sessions.admit(stream, from('10.0.0.2'), '');
  sessions.close();
  await expect(late).rejects.toThrow();
  expect([players.size, stopped.length]).toEqual([0, 2]);
});
