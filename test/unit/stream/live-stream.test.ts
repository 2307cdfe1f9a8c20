import { beforeEach, describe, expect, test } from 'vitest';
import type { Frame } from '../../../src/core/index.js';
import { freeze, ms } from '../../../src/core/index.js';
import { AmfObject, decodeAmf0All, encodeAmf0 } from '../../../src/protocol/amf/index.js';
import { FanoutGovernor } from '../../../src/stream/fanout-governor.js';
import { type FrameConsumer, LiveStream } from '../../../src/stream/live-stream.js';
import type { StreamSettings } from '../../../src/stream/stream-settings.js';
import { Viewer } from '../../../src/stream/viewer.js';
import type { WireFormat } from '../../../src/stream/wire-format.js';
import { FakeClock } from '../../support/fake-clock.js';
import { CostlySink, FakeSink } from '../../support/fake-sink.js';

const settings: StreamSettings = {
  gopCache: true,
  gopCacheMaxFrames: 2500,
  queueLength: ms(30_000),
  timeJitter: 'full',
  atc: false,
  atcAuto: false,
  mwLatency: ms(0),
  minLatency: false,
  mixCorrect: false,
  sendMinInterval: ms(0),
  reduceSequenceHeader: false,
  policy: 'takeover',
  grace: ms(10_000),
};

/** Names each frame in the viewer's bytes. */
const story: WireFormat = {
  id: 'story',
  selection: 'all',
  lengthOf: (f) => name(f).length,
  write: (out, at, f) => at + out.write(name(f), at, 'latin1'),
};
const name = (f: Frame) => `${f.kind[0]}:${f.role}@${f.dts};`;

const avcConfig = freeze(Buffer.from('17000000000142c01effe100', 'hex'));
const aacConfig = freeze(Buffer.from('af001210', 'hex'));
const keyTag = freeze(Buffer.from('17010000000000000265', 'hex'));
const interTag = freeze(Buffer.from('27010000000000000241', 'hex'));
const aacTag = freeze(Buffer.from('af0121', 'hex'));

let clock: FakeClock;
let stream: LiveStream;
let idle: number;

const make = (change: Partial<StreamSettings> = {}) => {
  idle = 0;
  stream = new LiveStream(
    { vhost: '__defaultVhost__', app: 'live', stream: 's' },
    { ...settings, ...change },
    { clock, governor: new FanoutGovernor(clock), serverTags: { server: 'SRS/x' }, idle: () => idle++ },
  );
};
const owner = (id = 'o') => {
  const o = { id, evictedBy: [] as string[], evicted: (by: string) => void o.evictedBy.push(by) };
  return o;
};
const watch = (sink = new FakeSink(), format = story) => {
  const viewer = new Viewer(sink);
  stream.join(viewer, format);
  return { sink, viewer };
};
const start = (o = owner()) => {
  const publication = stream.publish(o);
  publication.media('video', 0, avcConfig);
  publication.media('audio', 0, aacConfig);
  publication.settle();
  return publication;
};

beforeEach(() => {
  clock = new FakeClock();
  make();
});

describe('LiveStream: publishing', () => {
  test('a viewer that waits gets the stream when it starts', () => {
    const { sink } = watch();
    const publication = start();
    publication.media('video', 500, keyTag);
    publication.media('audio', 510, aacTag);
    publication.settle();
    expect(sink.take()).toEqual(['v:config@0', 'a:config@0', 'v:key@0', 'a:audio@10']);
  });

  test('who leaves right after the last flush, as at a stop, has every frame, however many there are', () => {
    const all = Array.from({ length: 200 }, () => watch(new CostlySink(clock)));
    const publication = start();
    publication.media('video', 0, keyTag);
    stream.flush();
    for (const { viewer } of all) stream.leave(viewer);
    for (const { sink } of all) expect(sink.take()).toEqual(['v:config@0', 'a:config@0', 'v:key@0']);
  });

  test('takeover: the former publisher is evicted, its lock is dead', () => {
    const first = owner();
    const old = start(first);
    const fresh = start(owner('p'));
    expect(first.evictedBy).toEqual(['p']);
    expect(old.held).toBe(false);
    expect(stream.publication).toBe(fresh);
    old.release();
    expect(stream.publication).toBe(fresh);
  });

  test('reject: the newcomer is refused, the stream goes on', () => {
    make({ policy: 'reject' });
    const first = start();
    expect(() => stream.publish(owner())).toThrow(/already has a publisher/);
    expect(stream.publication).toBe(first);
  });

  test('the lock is free after a release, and a second release does nothing (R2)', () => {
    const publication = start();
    publication.release();
    publication.release();
    expect(stream.publication).toBeUndefined();
    expect(start().held).toBe(true);
  });

  test('republish × 50: one viewer, time never goes back, configurations again (R4)', () => {
    const { sink } = watch();
    let last = -1;
    for (let i = 0; i < 50; i++) {
      const publication = start();
      for (let t = 0; t < 200; t += 40) publication.media('video', t, t === 0 ? keyTag : interTag);
      publication.settle();
      publication.release();
      clock.advance(1000);
      const seen = sink.take();
      expect(seen.filter((s) => s.startsWith('v:config'))).toHaveLength(1);
      for (const s of seen.filter((s) => !s.includes('config'))) {
        const dts = Number(s.split('@')[1]);
        expect(dts).toBeGreaterThan(last);
        last = dts;
      }
    }
  });

  test('a publish that starts in mid-GOP shows nothing before its first key frame, audio flows', () => {
    const { sink } = watch();
    const publication = start();
    publication.media('video', 0, interTag);
    publication.media('audio', 5, aacTag);
    publication.media('video', 40, keyTag);
    publication.settle();
    expect(sink.take().slice(2)).toEqual(['a:audio@5', 'v:key@40']);
  });
});

describe('LiveStream: players that wait for each track that they are told of', () => {
  const waits: WireFormat = { ...story, id: 'waits', waitsForTracks: true };
  const join = () => watch(new FakeSink(), waits).sink;

  test('hear of a configuration with the first frame of its kind, whenever they came; others at once', () => {
    const early = join();
    const { sink: other } = watch();
    const publication = start();
    for (const at of [0, 40]) publication.media('video', at, keyTag);
    publication.media('audio', 40, aacConfig);
    publication.settle();
    const late = join();
    expect(early.take()).toEqual(['v:config@0', 'v:key@0', 'v:key@40']);
    expect(late.take()).toEqual(['v:config@40', 'v:key@40']);
    expect(other.take().slice(0, 2)).toEqual(['v:config@0', 'a:config@0']);
    publication.media('audio', 50, aacTag);
    publication.settle();
    for (const sink of [early, late]) expect(sink.take()).toEqual(['a:config@50', 'a:audio@50']);
    expect(other.take()).toEqual(['a:audio@50']);
    expect(join().take()).toEqual(['v:config@40', 'v:key@40', 'a:config@50', 'a:audio@50']);
    publication.media('audio', 60, aacConfig);
    publication.settle();
    expect(early.take()).toEqual(['a:config@50']);
  });

  test('the first of them, later: neither headers nor what is kept names it, until it comes', () => {
    const publication = start();
    publication.media('video', 0, keyTag);
    publication.media('audio', 0, aacConfig);
    expect(join().take()).toEqual(['v:config@0', 'v:key@0']);
  });

  test('the next publish has to show its media anew; an empty message shows nothing', () => {
    const sink = join();
    const first = start();
    first.media('video', 0, keyTag);
    first.media('audio', 0, aacTag);
    first.release();
    expect(sink.take()).toContain('a:config@0');
    const second = start();
    second.media('video', 0, keyTag);
    second.media('audio', 0, freeze(Buffer.alloc(0)));
    second.settle();
    expect(sink.take().filter((text) => text.startsWith('a:config'))).toEqual([]);
  });
});

describe('LiveStream: life', () => {
  test('goes when nobody is left and the grace period has passed', () => {
    const { viewer } = watch();
    const publication = start();
    publication.release();
    stream.leave(viewer);
    expect(idle).toBe(0);
    clock.advance(10_000);
    expect(idle).toBe(1);
    expect(clock.timers).toBe(0);
  });

  test('a player of a stream that never was leaves nothing behind', () => {
    const { viewer } = watch();
    stream.leave(viewer);
    expect(idle).toBe(1);
  });

  test('consumers see each frame once, and the republish', () => {
    const seen: string[] = [];
    const consumer: FrameConsumer = {
      onFrame: (f) => void seen.push(f.role),
      onRepublish: () => void seen.push('republish'),
    };
    stream.addConsumer(consumer);
    start().release();
    const again = start();
    again.media('video', 0, keyTag);
    expect(seen).toEqual(['config', 'config', 'republish', 'config', 'config', 'key']);
  });

  test('a consumer that comes late gets headers and the GOP', () => {
    const publication = start();
    publication.media('video', 0, keyTag);
    const seen: string[] = [];
    stream.addConsumer({ onFrame: (f) => void seen.push(f.role) });
    expect(seen).toEqual(['config', 'config', 'key']);
  });
});

describe('LiveStream: data', () => {
  const metadata = (values: Record<string, number | string>) =>
    freeze(encodeAmf0('@setDataFrame', 'onMetaData', AmfObject.ecmaOf(values)));

  test('metadata is cached, named by the server, without a duration (spec/rtmp.md §8.1)', () => {
    const publication = stream.publish(owner());
    publication.data('@setDataFrame', metadata({ width: 640, duration: 12 }));
    let payload: Uint8Array | undefined;
    stream.join(new Viewer(new FakeSink()), {
      ...story,
      write: (_o, at, f) => {
        payload = f.payload;
        return at + name(f).length;
      },
    });
    const [event, properties] = decodeAmf0All(payload as Uint8Array);
    expect(event).toBe('onMetaData');
    expect(Object.fromEntries(properties as AmfObject)).toEqual({ width: 640, server: 'SRS/x' });
  });

  test('other data is relayed as it came', () => {
    const { sink } = watch();
    const publication = stream.publish(owner());
    publication.data('onTextData', freeze(encodeAmf0('onTextData', AmfObject.of({ text: 'hi' }))));
    publication.settle();
    expect(sink.take()).toEqual(['d:audio@0']);
  });

  test('reduce_sequence_header drops what players have already', () => {
    make({ reduceSequenceHeader: true });
    const { sink } = watch();
    const publication = start();
    publication.media('video', 0, avcConfig);
    publication.settle();
    expect(sink.take()).toEqual(['v:config@0', 'a:config@0']);
  });

  test('atc_auto: metadata with bravo_atc keeps the encoder’s clock', () => {
    make({ atcAuto: true });
    const { sink } = watch();
    const publication = stream.publish(owner());
    publication.data('@setDataFrame', metadata({ bravo_atc: 'true' }));
    publication.media('video', 77_000, keyTag);
    publication.settle();
    expect(sink.take()).toContain('v:key@77000');
  });

  test('mix_correct sorts audio and video by time', () => {
    make({ mixCorrect: true });
    const { sink } = watch();
    const publication = start();
    publication.media('video', 0, keyTag);
    publication.media('video', 40, interTag);
    publication.media('audio', 10, aacTag);
    publication.media('audio', 33, aacTag);
    publication.release();
    expect(sink.take().filter((s) => !s.includes('config'))).toEqual([
      'v:key@0',
      'a:audio@10',
      'a:audio@33',
      'v:inter@40',
    ]);
  });

  test('mix_correct leaves a new configuration before its key frame, though audio is ahead', () => {
    make({ mixCorrect: true });
    const { sink } = watch();
    const publication = start();
    publication.media('video', 0, keyTag);
    publication.media('audio', 60, aacTag);
    sink.take();
    publication.media('video', 40, avcConfig);
    publication.media('video', 40, keyTag);
    publication.release();
    const order = sink
      .take()
      .filter((s) => s.startsWith('v:'))
      .map((s) => s.split('@')[0]);
    expect(order.slice(-2)).toEqual(['v:config', 'v:key']);
  });
});

describe('LiveStream: without a GOP cache', () => {
  test('the first viewer gets headers of now, and pictures from a key frame on', () => {
    make({ gopCache: false });
    const publication = start();
    for (let t = 0; t <= 20_000; t += 40) publication.media('video', t, t === 0 ? keyTag : interTag);
    publication.settle();
    const { sink } = watch();
    publication.media('video', 20_040, interTag);
    publication.media('video', 20_080, keyTag);
    publication.settle();
    expect(sink.take()).toEqual(['a:config@20000', 'v:config@20000', 'v:key@20080']);
  });
});

test('a codec without configurations takes over within a publish: who comes later hears nothing of the one before', () => {
  const publication = stream.publish(owner());
  const mp3Tag = freeze(Buffer.from('2ffffb90', 'hex'));
  const kept = () => stream.headers.map(({ kind, codec }) => `${kind}:${codec}`);
  publication.media('audio', 0, aacConfig);
  publication.media('video', 0, avcConfig);
  publication.media('video', 0, keyTag);
  publication.media('audio', 0, aacTag);
  expect(kept()).toEqual(['audio:aac', 'video:avc']);
  publication.media('audio', 20, mp3Tag);
  expect(kept()).toEqual(['video:avc']);
  publication.media('audio', 40, aacConfig);
  publication.media('audio', 40, aacTag);
  expect(kept()).toEqual(['audio:aac', 'video:avc']);
});

test('a configuration with nothing in it is relayed, and who comes later gets the one that says something', () => {
  const publication = start();
  publication.media('video', 0, keyTag);
  const { sink } = watch();
  sink.take();
  publication.media('video', 40, freeze(avcConfig.subarray(0, 5) as Buffer));
  publication.media('audio', 40, freeze(aacConfig.subarray(0, 2) as Buffer));
  publication.media('video', 80, keyTag);
  publication.settle();
  expect(sink.take()).toEqual(['v:end@0', 'a:end@0', 'v:key@80']);
  expect(stream.headers.map(({ payload }) => payload)).toEqual([aacConfig, avcConfig]);
  expect(watch().sink.take()).toEqual(['a:config@80', 'v:config@80', 'v:key@80']);
});

describe('LiveStream: metadata and configurations that are too large to keep', () => {
  const config = (bytes: number, fourcc = 'abcd') =>
    freeze(Buffer.concat([Buffer.from('90', 'hex'), Buffer.from(fourcc), Buffer.alloc(bytes)]));

  test('a configuration is relayed and not kept, nor the one before it; the publisher is told once', () => {
    const told: string[] = [];
    const { sink } = watch();
    const publication = stream.publish({ ...owner(), complaint: (text) => void told.push(text) });
    publication.media('video', 0, config(100));
    publication.media('video', 0, config(2 ** 20));
    publication.media('video', 0, config(2 ** 20 + 1));
    publication.settle();
    expect(sink.take()).toEqual(['v:config@0', 'v:config@0', 'v:config@0']);
    expect(stream.headers).toEqual([]);
    expect(told).toEqual([expect.stringContaining('too large')]);
  });

  test('of many tracks no more than 4 MiB and 64 are kept', () => {
    const publication = stream.publish(owner());
    // Multitrack, one track: sequence start of track `id`.
    const track = (id: number, bytes: number) =>
      freeze(Buffer.concat([Buffer.from('9600', 'hex'), Buffer.from('avc1'), Buffer.of(id), Buffer.alloc(bytes)]));
    for (let id = 0; id < 100; id++) publication.media('video', 0, track(id, 10));
    expect(stream.headers).toHaveLength(64);
    for (let id = 0; id < 100; id++) publication.media('video', 0, track(id, 500_000));
    const bytes = stream.headers.reduce((sum, { payload }) => sum + payload.length, 0);
    expect(bytes).toBeGreaterThan(3.5 * 2 ** 20);
    expect(bytes).toBeLessThanOrEqual(4 * 2 ** 20);
  });
});

describe('LiveStream: changed settings', () => {
  test('apply to the running stream: viewers and publisher stay', () => {
    const { sink } = watch();
    const publication = start();
    publication.media('video', 0, keyTag);
    publication.settle();
    stream.reconfigure({ ...settings, gopCache: false, mwLatency: ms(100) });
    sink.take();
    publication.media('video', 40, interTag);
    publication.settle();
    expect(sink.take()).toEqual([]);
    clock.advance(100);
    expect(sink.take()).toEqual(['v:inter@40']);
    const late = watch();
    publication.media('video', 80, keyTag);
    publication.settle();
    clock.advance(100);
    expect(late.sink.take().filter((s) => !s.includes('config'))).toEqual(['v:key@80']);
  });
});
