import { assert, describe, test } from 'vitest';
import { type Gate, Passes, PassGate, type StreamFacts, withPass } from '../../../../src/stream/index.js';

/** Hooks that write down what they are asked and told; `refusing` says no to that. */
function hooks(told: string[], refusing = ''): Gate {
  const note = (what: string, { param, tcUrl }: { param: string; tcUrl: string }): void => {
    told.push(`${what} ${param} ${tcUrl}`.trim());
    if (what === refusing) throw new Error('no');
  };
  return {
    connect: async (client) => note('connect', client),
    publish: async (client) => {
      note('publish', client);
      return {};
    },
    play: async (client) => {
      note('play', client);
      return {};
    },
    unpublished: (client) => note('unpublished', client),
    stopped: (client) => note('stopped', client),
    closed: (client) => note('closed', client),
  };
}

const nobody = hooks([], 'connect');
const gates = (transcode: Gate, ingest = nobody) => ({ transcode, ingest });

const facts = (param: string, more: Partial<StreamFacts> = {}): StreamFacts => ({
  id: 'c1',
  ip: '127.0.0.1',
  peer: '127.0.0.1:1',
  protocol: 'rtmp',
  vhost: 'v',
  app: 'live',
  stream: 's',
  param,
  tcUrl: `rtmp://h/live${param}`,
  pageUrl: '',
  swfUrl: '',
  ...more,
});

const refused = async (asked: Promise<unknown>): Promise<void> => {
  const error = await asked.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.propertyVal(error, 'code', 'PASS_NEEDED');
};

const nothing = { sent: 0, received: 0 };

describe('the gate for own programs', () => {
  test('without a valid pass there is no way in', async () => {
    const passes = new Passes();
    const gate = new PassGate(passes, gates(hooks([])));
    const revoked = passes.issue('transcode', 'play', 'v/live/s');
    passes.revoke(revoked);
    for (const param of ['', '?srs_pass=', `?srs_pass=${'0'.repeat(32)}`, withPass('?vhost=v', revoked)])
      await refused(gate.connect(facts(param)));
  });

  test('a pass to play is for one stream and one use, and nobody hears of it', async () => {
    const passes = new Passes();
    const told: string[] = [];
    const gate = new PassGate(passes, gates(hooks(told)));
    const param = withPass('?vhost=v', passes.issue('transcode', 'play', 'v/live/s'));
    await gate.connect(facts(param));
    assert.deepEqual(await gate.play(facts(param)), {});
    await refused(gate.publish(facts(param)));
    await refused(gate.play(facts(param, { stream: 'other' })));
    await refused(gate.play(facts(param, { vhost: 'w' })));
    gate.stopped();
    gate.closed(facts(param), nothing);
    assert.deepEqual(told, []);
    await refused(gate.play(facts('')));
  });

  test('what is published is told to the hooks, without the pass; the query of the stream is its own', async () => {
    const passes = new Passes();
    const told: string[] = [];
    const gate = new PassGate(passes, gates(hooks(told)));
    const param = withPass('?vhost=v', passes.issue('transcode', 'publish', 'v/live/s'));
    const stream = facts('?token=1', { tcUrl: `rtmp://h/live${param}` });
    await gate.connect(facts(param));
    await gate.publish(stream);
    assert.equal(passes.publisherKind('c1'), 'transcode');
    gate.unpublished(stream);
    gate.closed(facts(param), nothing);
    assert.isUndefined(passes.publisherKind('c1'));
    assert.deepEqual(told, [
      'connect ?vhost=v rtmp://h/live?vhost=v',
      'publish ?token=1 rtmp://h/live?vhost=v',
      'unpublished ?token=1 rtmp://h/live?vhost=v',
      'closed ?vhost=v rtmp://h/live?vhost=v',
    ]);
  });

  test('each kind of program publishes through the gate of its kind, which is told what it is', async () => {
    const passes = new Passes();
    const told: string[] = [];
    const kinds: unknown[] = [];
    const ingest: Gate = {
      ...hooks(told),
      publish: async ({ program }) => {
        kinds.push(program);
        return {};
      },
    };
    const gate = new PassGate(passes, gates(hooks([], 'connect'), ingest));
    const param = withPass('', passes.issue('ingest', 'publish', 'v/live/s'));
    await gate.connect(facts(param));
    await gate.publish(facts(param));
    assert.equal(passes.publisherKind('c1'), 'ingest');
    gate.unpublished(facts(param));
    gate.closed(facts(param), nothing);
    assert.deepEqual(kinds, ['ingest']);
    assert.deepEqual(
      told.map((line) => line.split(' ')[0]),
      ['connect', 'unpublished', 'closed'],
    );
  });

  test('whom the hooks refuse is forgotten', async () => {
    const passes = new Passes();
    const gate = new PassGate(passes, gates(hooks([], 'connect')));
    const param = withPass('', passes.issue('transcode', 'publish', 'v/live/s'));
    await gate.connect(facts(param)).catch(() => undefined);
    assert.isUndefined(passes.publisherKind('c1'));
  });
});
