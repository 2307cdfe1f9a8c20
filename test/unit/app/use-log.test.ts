import { assert, beforeEach, test } from 'vitest';
import { UseLog } from '../../../src/app/use-log.js';
import { type Cause, RefusedError, SrsError } from '../../../src/kernel/index.js';
import { type Client, ClientRegistry, type ClientType } from '../../../src/stream/index.js';
import { FakeClock } from '../../support/fake-clock.js';
import { type LogLine, logToMemory } from '../../support/log-lines.js';

const KEY = '__defaultVhost__/live/s';

let clock: FakeClock;
let clients: ClientRegistry;
let lines: LogLine[];

beforeEach(() => {
  clock = new FakeClock();
  clients = new ClientRegistry();
  const memory = logToMemory();
  lines = memory.lines;
  new UseLog(clients, clock, memory.log);
});

/** A client of RTMP that is connected and uses nothing. */
function connected() {
  const client = {
    facts: { id: 'c', peer: '192.0.2.7:57726', protocol: 'rtmp' },
    type: 'Unknown' as ClientType,
    streamKey: undefined as string | undefined,
    bytesIn: 3000,
    bytesOut: 4000,
  };
  const known = client as unknown as Client;
  clients.add(known);
  const moved = (type: ClientType, streamKey: string | undefined, cause?: Cause): void => {
    Object.assign(client, { type, streamKey });
    clients.moved(known, cause);
  };
  return { client, moved, left: (cause?: Cause) => clients.remove(known, cause) };
}

test('one connection, two uses: each has its own time and bytes, and who only connects has no line', () => {
  const { client, moved, left } = connected();
  assert.isEmpty(lines);
  moved('fmle-publish', KEY);
  client.bytesIn += 500;
  clock.advance(2700);
  moved('Unknown', undefined, 'FCUnpublish');
  clock.advance(60_000);
  moved('Play', KEY);
  client.bytesOut += 70;
  clock.advance(1000);
  left();
  left();
  const who = { level: 30, conn: 'c', peer: '192.0.2.7:57726', protocol: 'rtmp', stream: KEY };
  assert.deepEqual(lines, [
    { ...who, style: 'fmle', msg: 'publish started' },
    { ...who, seconds: 3, bytesIn: 500, bytesOut: 0, why: 'FCUnpublish', msg: 'publish ended' },
    { ...who, msg: 'play started' },
    { ...who, seconds: 1, bytesIn: 0, bytesOut: 70, msg: 'play ended' },
  ]);
});

for (const { what, cause, want } of [
  { what: 'nothing is known', cause: undefined, want: { level: 30 } },
  { what: 'the stream is over', cause: 'the stream is over', want: { level: 30, why: 'the stream is over' } },
  {
    what: 'the network',
    cause: Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }),
    want: { level: 30, code: 'ECONNRESET', why: 'read ECONNRESET' },
  },
  {
    what: 'an operator',
    cause: new RefusedError('KICKED', 'not here'),
    want: { level: 40, code: 'KICKED', why: 'not here' },
  },
  {
    what: 'a fault, with its context, which replaces no field',
    cause: new SrsError('RTMP_CHUNK', 'too many', { csid: 3, stream: 'x' }),
    want: { level: 40, code: 'RTMP_CHUNK', why: 'too many', csid: 3, stream: KEY },
  },
  { what: 'a defect', cause: new Error('oops'), want: { level: 50, code: 'INTERNAL', why: 'internal error' } },
])
  test(`level, code and reason of an end: ${what}`, () => {
    const { moved, left } = connected();
    moved('Play', KEY);
    left(cause);
    const [, line] = lines;
    assert.deepInclude(line, { msg: 'play ended', ...want });
    assert.equal('code' in (line ?? {}), 'code' in want);
    assert.equal('err' in (line ?? {}), want.level === 50);
  });
