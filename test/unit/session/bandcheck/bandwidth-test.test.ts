import { assert, describe, test } from 'vitest';
import { ms, type Seconds } from '../../../../src/core/index.js';
import { AmfObject, decodeAmf0All } from '../../../../src/protocol/amf/index.js';
import type { OutMessage } from '../../../../src/protocol/rtmp/index.js';
import { BandwidthTest, type TestedLink, type TestResult } from '../../../../src/session/bandcheck/bandwidth-test.js';
import { fillingCall, hasKey } from '../../../../src/session/bandcheck/calls.js';
import { TestTurns } from '../../../../src/session/bandcheck/test-turns.js';
import { FakeClock } from '../../../support/fake-clock.js';

const nameOf = ({ payload }: OutMessage): string => String(decodeAmf0All(payload)[0]);

/** A client behind a link that takes everything, or nothing. */
function start({ limitKbps = 1000, isFlash = false, writable = true } = {}) {
  const clock = new FakeClock();
  const sent: OutMessage[] = [];
  const due: string[] = [];
  const link = {
    bytesIn: 0,
    bytesOut: 0,
    queued: 0,
    writable,
    rests: 0,
    reading: { rest: () => void link.rests++ },
    watch: { expect: (what: string) => void due.push(what) },
    send(message: OutMessage): void {
      sent.push(message);
      link.bytesOut += message.payload.length;
    },
  };
  const results: TestResult[] = [];
  const one = new BandwidthTest(
    link as unknown as TestedLink,
    limitKbps,
    isFlash,
    clock,
    (result) => void results.push(result),
  );
  one.start();
  const numbers = (name: string): Record<string, unknown> => {
    const message = sent.find((each) => nameOf(each) === name) ?? assert.fail(`no ${name}`);
    const [, , , object] = decodeAmf0All(message.payload);
    assert.instanceOf(object, AmfObject);
    return Object.fromEntries(object as AmfObject);
  };
  const calls = () => sent.map(nameOf).filter((name) => name !== 'onSrsBandCheckPlaying');
  return { clock, sent, due, link, results, one, calls, numbers };
}

describe('a bandwidth test (spec/rtmp.md §12)', () => {
  test('3 s of calls from the server, 3 s of calls from the client, and the result', () => {
    const { clock, link, one, calls, numbers, results, due } = start({ limitKbps: 800 });
    assert.deepEqual(numbers('onSrsBandCheckStartPlayBytes'), { limit_kbps: 800, duration_ms: 3000, interval_ms: 0 });
    assert.equal(due.at(-1), 'onSrsBandCheckStartingPlayBytes');
    one.call('createStream'); // others are left out
    clock.advance(1000);
    assert.lengthOf(calls(), 1);
    one.call('onSrsBandCheckStartingPlayBytes');
    clock.advance(3000);
    assert.equal(calls().at(-1), 'onSrsBandCheckStopPlayBytes');
    const played = numbers('onSrsBandCheckStopPlayBytes');
    assert.equal(played.duration_delta, 3000);
    // 800 kbps for 3 s are 300 000 bytes; the last call may go beyond.
    assert.isAtLeast(Number(played.bytes_delta), 295_000);
    assert.isAtMost(Number(played.bytes_delta), 330_000);

    one.call('onSrsBandCheckStoppedPlayBytes');
    assert.equal(calls().at(-1), 'onSrsBandCheckStartPublishBytes');
    one.call('onSrsBandCheckStartingPublishBytes');
    for (let i = 0; i < 30; i++) {
      link.bytesIn += 15_000;
      // Media count as calls do.
      if (i % 2 === 0) one.call('onSrsBandCheckPublishing');
      one.settled();
      clock.advance(100);
    }
    assert.isAbove(link.rests, 20, '1200 kbps are more than 800: nothing is read for a while');
    assert.equal(calls().at(-1), 'onSrsBandCheckStopPublishBytes');
    one.call('onSrsBandCheckPublishing'); // what was under way
    one.call('onSrsBandCheckStoppedPublishBytes');
    assert.equal(calls().at(-1), 'onSrsBandCheckFinished');
    const found = numbers('onSrsBandCheckFinished');
    assert.equal(found.publish_kbps, 1200);
    assert.equal(found.publish_bytes, 450_000);
    assert.equal(found.publish_time, 3000);
    assert.closeTo(Number(found.play_kbps), 800, 60);
    assert.equal(Number(found.end_time) - Number(found.start_time), 7000);
    assert.deepEqual(results, []);
    one.call('finalClientPacket');
    clock.advance(600);
    assert.deepEqual(results, [{ playKbps: Number(found.play_kbps), publishKbps: 1200 }]);
    assert.equal(clock.timers, 0);
  });

  test('a client may stop its sending early; Flash does not confirm the end of it', () => {
    const { clock, link, one, calls, numbers } = start({ isFlash: true });
    one.call('onSrsBandCheckStartingPlayBytes');
    clock.advance(3000);
    one.call('onSrsBandCheckStoppedPlayBytes');
    one.call('onSrsBandCheckStartingPublishBytes');
    link.bytesIn = 10_000;
    clock.advance(1000);
    one.call('onSrsBandCheckStopPublishBytes');
    assert.deepEqual(calls().slice(-2), ['onSrsBandCheckStopPublishBytes', 'onSrsBandCheckFinished']);
    assert.equal(numbers('onSrsBandCheckFinished').publish_kbps, 80);
  });

  test('a client that takes nothing gets nothing; what is still queued was not sent', () => {
    const { clock, link, one, sent, numbers } = start({ writable: false });
    one.call('onSrsBandCheckStartingPlayBytes');
    link.queued = 50;
    clock.advance(3000);
    assert.lengthOf(sent, 2);
    assert.equal(numbers('onSrsBandCheckStopPlayBytes').bytes_delta, 0);
  });

  test('a turn of the loop writes no more than 256 KiB', () => {
    const { clock, link, one } = start({ limitKbps: 100_000 });
    one.call('onSrsBandCheckStartingPlayBytes');
    clock.advance(19);
    const before = link.bytesOut;
    clock.advance(1000); // as after a standstill of the process
    assert.isAtMost(link.bytesOut - before, 51 * (256 * 1024 + 25_000));
    clock.advance(20);
    const mid = link.bytesOut;
    clock.advance(20);
    assert.isAtMost(link.bytesOut - mid, 256 * 1024 + 25_000);
  });

  test('stopped in the middle it says nothing more', () => {
    const { clock, one, sent, results } = start();
    one.call('onSrsBandCheckStartingPlayBytes');
    clock.advance(100);
    one.stop();
    const count = sent.length;
    clock.advance(10_000);
    one.call('onSrsBandCheckStoppedPlayBytes');
    assert.equal(sent.length, count);
    assert.deepEqual(results, []);
    assert.equal(clock.timers, 0);
  });
});

test('filling calls grow by two properties, as far as other servers take a command', () => {
  const properties = (n: number): number => {
    const [name, id, nothing, object] = decodeAmf0All(fillingCall(n).payload);
    assert.deepEqual([name, id, nothing], ['onSrsBandCheckPlaying', 0, null]);
    return (object as AmfObject).size;
  };
  assert.deepEqual([0, 1, 2, 200, 201, 5000].map(properties), [1, 3, 5, 401, 401, 401]);
  assert.isBelow(fillingCall(5000).payload.length, 64 * 1024);
  assert.deepEqual([fillingCall(3).csid, fillingCall(3).streamId, fillingCall(3).type], [5, 0, 20]);
});

test('the key is a parameter of the tcUrl, and whole', () => {
  for (const url of [
    'rtmp://h/app?key=abc',
    'rtmp://h/app?vhost=v&key=abc',
    'rtmp://h/app?key=abc,vhost=v',
    'rtmp://h/app...vhost...v...key=abc',
  ])
    assert.isTrue(hasKey(url, 'abc'), url);
  for (const url of [
    'rtmp://h/app',
    'rtmp://h/app?key=',
    'rtmp://h/app?key=abcd',
    'rtmp://h/app?monkey=abc',
    'rtmp://h/key=ab',
  ])
    assert.isFalse(hasKey(url, 'abc'), url);
  assert.isTrue(hasKey('rtmp://h/app?key=', ''));
});

test('one turn in an interval, for all together', () => {
  const clock = new FakeClock();
  const turns = new TestTurns(clock);
  const take = (interval: number) => turns.take(interval as Seconds);
  assert.deepEqual([take(30), take(30), take(0), take(10)], [true, false, true, false]);
  clock.advance(ms(10_000));
  assert.deepEqual([take(10), take(10)], [true, false]);
});
