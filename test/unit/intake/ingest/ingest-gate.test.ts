import { assert, test } from 'vitest';
import { IngestGate } from '../../../../src/intake/index.js';
import type { Gate, StreamFacts } from '../../../../src/stream/index.js';

const client: StreamFacts = {
  id: 'c1',
  ip: '127.0.0.1',
  peer: '127.0.0.1:1',
  protocol: 'rtmp',
  vhost: 'v',
  app: 'live',
  stream: 's',
  param: '',
  tcUrl: 'rtmp://h/live',
  pageUrl: '',
  swfUrl: '',
};

test('an ingest is held to the rules for clients, and takes a stream from nobody', async () => {
  const told: string[] = [];
  const taken = new Set<string>();
  const rules: Gate = {
    connect: async () => void told.push('connect'),
    publish: async () => {
      told.push('publish');
      return { stream: 'renamed' };
    },
    play: async () => {
      told.push('play');
      return {};
    },
    unpublished: (_, by) => void told.push(`unpublished ${by}`),
    stopped: () => void told.push('stopped'),
    closed: () => void told.push('closed'),
  };
  const gate = new IngestGate((key) => taken.has(key), rules);
  await gate.connect(client);
  assert.deepEqual(await gate.publish(client), { stream: 'renamed' });
  gate.unpublished(client, 'c2');
  gate.closed(client, { sent: 0, received: 0 });
  assert.deepEqual(told.splice(0), ['connect', 'publish', 'unpublished c2', 'closed']);

  taken.add('v/live/s');
  const refusal = await gate.publish(client).catch((error: unknown) => error);
  assert.propertyVal(refusal, 'code', 'STREAM_BUSY');
  assert.deepEqual(told, [], 'no hook is asked for nothing');

  taken.clear();
  taken.add('v/live/renamed');
  const late = await gate.publish(client).catch((error: unknown) => error);
  assert.propertyVal(late, 'code', 'STREAM_BUSY');
  assert.deepEqual(told, ['publish', 'unpublished undefined'], 'taken when the hook has answered, or under its name');
});
