import { assert, describe, test } from 'vitest';
import { crossClashes, listenersOf } from '../../../src/config/listeners.js';
import type { DirectiveTable } from '../../../src/config/table.js';

const listen = { type: 'listen', required: true, example: '1', reload: 'relisten', doc: '' } as const;
const enabled = { type: 'onoff', default: false, reload: 'live', doc: '' } as const;
const table = {
  listen,
  http_api: {
    type: 'block',
    doc: '',
    rows: { enabled, listen, https: { type: 'block', doc: '', rows: { enabled, listen } } },
  },
  http_server: { type: 'block', doc: '', rows: { enabled, listen } },
} as const satisfies DirectiveTable;

type Address = [host: string, port: number];
const addresses = (...list: Address[]) => list.map(([host, port]) => ({ host, port }));

/** A configuration with those listeners; a block without any is off. */
const values = (rtmp: Address, api: Address | undefined, https: Address | undefined, server: Address | undefined) => ({
  listen: addresses(rtmp),
  httpApi: {
    enabled: api !== undefined,
    listen: addresses(api ?? ['0.0.0.0', 1]),
    https: { enabled: https !== undefined, listen: addresses(https ?? ['0.0.0.0', 1]) },
  },
  httpServer: { enabled: server !== undefined, listen: addresses(server ?? ['0.0.0.0', 1]) },
});

test('listeners of blocks that are on, with their names', () => {
  const found = listenersOf(table, values(['0.0.0.0', 1], ['::', 2], ['::', 3], undefined));
  assert.deepEqual(
    found.map(({ name, path, address }) => [name, path, address.port]),
    [
      ['rtmp', '/listen', 1],
      ['http_api', '/httpApi/listen', 2],
      ['http_api https', '/httpApi/https/listen', 3],
    ],
  );
});

describe('listeners of different blocks', () => {
  const any = '0.0.0.0';
  const cases: [string, Parameters<typeof values>, string[]][] = [
    [
      'on ports of their own',
      [
        [any, 1],
        [any, 2],
        [any, 3],
        [any, 4],
      ],
      [],
    ],
    ['on one port that is off', [[any, 1], undefined, undefined, undefined], []],
    ['the API and files on one port', [[any, 1], [any, 2], undefined, [any, 2]], []],
    ['one port, two addresses', [['10.0.0.1', 1], ['10.0.0.2', 1], undefined, ['::', 1]], []],
    [
      'RTMP and HTTP on one port',
      [[any, 1], [any, 1], undefined, undefined],
      ['http_api cannot listen beside rtmp: 0.0.0.0:1 is listed twice'],
    ],
    [
      'an address among all',
      [[any, 1], undefined, undefined, ['127.0.0.1', 1]],
      ['http_server cannot listen beside rtmp: 0.0.0.0:1 already covers 127.0.0.1:1'],
    ],
    [
      'TLS on the port of plain HTTP',
      [
        [any, 1],
        [any, 2],
        [any, 2],
        [any, 3],
      ],
      ['http_api https cannot listen beside http_api: 0.0.0.0:2 is listed twice'],
    ],
    [
      'the API on one address, files on all',
      [[any, 1], ['127.0.0.1', 2], undefined, [any, 2]],
      ['http_server cannot listen beside http_api: 0.0.0.0:2 covers 127.0.0.1:2, which is listed already'],
    ],
  ];
  for (const [name, given, want] of cases)
    test(name, () =>
      assert.deepEqual(
        crossClashes(listenersOf(table, values(...given))).map(({ text }) => text),
        want,
      ),
    );
});
