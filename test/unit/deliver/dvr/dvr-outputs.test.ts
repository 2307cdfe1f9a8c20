import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { parseConfig } from '../../../../src/config/index.js';
import { freeze } from '../../../../src/core/index.js';
import { DvrOutputs } from '../../../../src/deliver/index.js';
import { AmfObject, decodeAmf0All, encodeAmf0 } from '../../../../src/protocol/amf/index.js';
import { FlvReader, type FlvTag, TagType } from '../../../../src/protocol/flv/index.js';
import { FanoutGovernor, StreamHub } from '../../../../src/stream/index.js';
import { FakeClock } from '../../../support/fake-clock.js';
import { logToMemory } from '../../../support/log-lines.js';
import { until } from '../../../support/run.js';
import { tag } from '../../../support/synthetic.js';

const vhost = '__defaultVhost__';
const otherAvcConfig = Buffer.from(tag.avcConfig().payload);
otherAvcConfig[8] = 0x1f;

interface Sent {
  readonly kind: 'audio' | 'video' | 'data';
  readonly timestamp: number;
  readonly payload: Uint8Array;
}

/** A server that records below a directory of its own. */
function server(rows = '', more = '') {
  const dir = mkdtempSync(join(tmpdir(), 'srs-dvr-unit-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  const clock = new FakeClock();
  const parse = (block: string) =>
    parseConfig(
      `listen 1935; utc_time on; vhost ${vhost} { publish { grace 1; } ${more} dvr { ${block} dvr_path ${dir}/[app]/[stream].flv; } }`,
      'dvr',
    ).config;
  let config = parse(`enabled on; ${rows}`);
  const hub = new StreamHub(() => config, clock, new FanoutGovernor(clock), {});
  const { log, lines } = logToMemory();
  const announced: string[] = [];
  const dvr = new DvrOutputs({
    hub,
    clock,
    log,
    config: () => config,
    announcer: () => (recorded) => void announced.push(recorded.file.slice(dir.length + 1)),
  });
  dvr.start();
  const stream = hub.obtain({ vhost, app: 'live', stream: 's' });
  const publish = () => {
    const publication = stream.publish({ id: 'o', evicted: () => undefined });
    return {
      release: () => publication.release(),
      send: (...messages: readonly Sent[]) => {
        for (const { kind, timestamp, payload } of messages)
          if (kind !== 'data') publication.media(kind, timestamp >>> 0, freeze(Buffer.from(payload)));
      },
      metadata: (values: Record<string, number>) =>
        publication.data('@setDataFrame', freeze(encodeAmf0('@setDataFrame', 'onMetaData', AmfObject.of(values)))),
    };
  };
  const files = () =>
    readdirSync(dir, { recursive: true, encoding: 'utf8' })
      .filter((path) => /\.(flv|tmp)$/.test(path))
      .sort();
  return {
    dir,
    clock,
    dvr,
    hub,
    stream,
    publish,
    files,
    announced,
    said: (msg: string) => lines.filter((line) => line.msg.startsWith(msg)),
    reload: (block: string) => {
      config = parse(block);
      dvr.reconfigure();
    },
    /** The stream ends, and all is on disk. */
    async finish() {
      stream.publication?.release();
      clock.advance(1000);
      await dvr.close();
      return files();
    },
    read: (path: string) => new FlvReader().push(readFileSync(join(dir, path))),
  };
}

/** `a:5` for sound at 5 ms, `k:0` a key frame, `v:40` another picture, `V`, `A` configurations, `m` metadata. */
const story = (tags: readonly FlvTag[]): string =>
  tags
    .map(({ type, timestamp, payload }) => {
      if (type === TagType.script) return `m:${timestamp}`;
      if (type === TagType.audio) return `${payload[1] === 0 ? 'A' : 'a'}:${timestamp}`;
      return `${payload[1] === 0 ? 'V' : payload[0] === 0x17 ? 'k' : 'v'}:${timestamp}`;
    })
    .join(' ');
const metadataOf = (tags: readonly FlvTag[]): AmfObject =>
  decodeAmf0All(Buffer.from(tags[0]?.payload ?? []))[1] as AmfObject;

describe('a file (spec/media.md §3.3)', () => {
  test('begins with metadata and headers at 0, ends with duration, size and index in place', async () => {
    const { publish, finish, read, dir } = server();
    const { send, metadata } = publish();
    metadata({ width: 640, duration: 99 });
    send(tag.avcConfig(), tag.aacConfig(), tag.key(5000), tag.audio(5005), tag.inter(5040), tag.audio(5028));
    send(tag.key(5080), tag.audio(5085), tag.inter(5120));
    expect(await finish()).toEqual(['live/s.flv']);
    const tags = read('live/s.flv');
    expect(story(tags)).toBe('m:0 V:0 A:0 k:0 a:5 v:40 a:28 k:80 a:85 v:120');
    const object = metadataOf(tags);
    expect(object.get('width')).toBe(640);
    expect(object.get('duration')).toBe(0.16); // 120 ms and a picture of 40 ms
    const bytes = readFileSync(join(dir, 'live/s.flv'));
    expect(object.get('filesize')).toBe(bytes.length);
    expect(bytes[4]).toBe(5);
    const keyframes = object.get('keyframes') as AmfObject;
    expect(keyframes.get('times')).toEqual([0, 0, 0.08]);
    const types = (keyframes.get('filepositions') as number[]).map((at) => [bytes[at], bytes[at + 11], bytes[at + 12]]);
    expect(types).toEqual([
      [9, 0x17, 0],
      [9, 0x17, 1],
      [9, 0x17, 1],
    ]);
  });

  test('headers stand first, also where one of them comes late', async () => {
    const { publish, finish, read } = server();
    const { send } = publish();
    send(tag.aacConfig(), tag.audio(0), tag.audio(23), tag.avcConfig(), tag.key(40), tag.audio(46));
    await finish();
    expect(story(read('live/s.flv'))).toBe('m:0 A:0 V:0 a:0 a:23 k:40 a:46');
  });

  test('sound alone, pictures alone: the flags say it', async () => {
    for (const [kinds, flags] of [
      ['audio', 4],
      ['video', 1],
    ] as const) {
      const { publish, finish, dir } = server();
      const { send } = publish();
      for (let at = 0; at < 2000; at += 40)
        if (kinds === 'audio') send(...(at === 0 ? [tag.aacConfig()] : []), tag.audio(at));
        else send(...(at === 0 ? [tag.avcConfig(), tag.key(at)] : [tag.inter(at)]));
      expect(await finish()).toEqual(['live/s.flv']);
      expect(readFileSync(join(dir, 'live/s.flv'))[4]).toBe(flags);
    }
  });

  test('configurations that come again, empty messages and the end of a sequence are not written', async () => {
    const { publish, finish, read } = server();
    const { send } = publish();
    send(tag.avcConfig(), tag.aacConfig(), tag.key(0), tag.audio(5), tag.avcConfig(), tag.key(40), tag.audio(45));
    send({ kind: 'audio', timestamp: 50, payload: Buffer.alloc(0) });
    send({ kind: 'video', timestamp: 60, payload: Buffer.from('1702000000', 'hex') }, tag.inter(80), tag.audio(85));
    await finish();
    expect(story(read('live/s.flv'))).toBe('m:0 V:0 A:0 k:0 a:5 k:40 a:45 v:80 a:85');
  });

  test.each([
    ['full', 'k:0 v:40 v:80 v:120'],
    ['zero', 'k:0 v:40 v:9000040 v:9000080'],
    ['off', 'k:1000 v:1040 v:9001040 v:9001080'],
  ])('time_jitter %s where the clock of the stream leaps', async (mode, times) => {
    const { publish, finish, read } = server(`time_jitter ${mode};`, 'time_jitter off;');
    const { send } = publish();
    send(tag.avcConfig(), tag.key(1000), tag.inter(1040), tag.inter(9_001_040), tag.inter(9_001_080));
    await finish();
    expect(story(read('live/s.flv').slice(2))).toBe(times);
  });

  test('the clock of 32 bits wraps', async () => {
    const { publish, finish, read } = server();
    const { send } = publish();
    send(
      tag.avcConfig(),
      tag.aacConfig(),
      tag.key(2 ** 32 - 20),
      tag.audio(2 ** 32 - 10),
      tag.inter(20),
      tag.audio(30),
    );
    await finish();
    expect(story(read('live/s.flv').slice(3))).toBe('k:0 a:10 v:40 a:50');
  });

  test('waits for a key frame, sound is kept; off: it does not', async () => {
    for (const [rows, want] of [
      ['', 'a:0 a:23 a:46 k:60'],
      ['dvr_wait_keyframe off;', 'a:0 v:5 a:23 v:45 a:46 k:60'],
    ] as const) {
      const { publish, finish, read, reload, clock } = server('');
      reload('enabled off;');
      const { send } = publish();
      send(tag.avcConfig(), tag.aacConfig(), tag.key(0), tag.audio(5));
      // Nothing is cached after this: the recording meets a stream in the middle of a group.
      for (let at = 40; at <= 61_000; at += 1000) send(tag.inter(at));
      reload(`enabled on; ${rows}`);
      clock.advance(10);
      send(
        tag.audio(61_100),
        tag.inter(61_105),
        tag.audio(61_123),
        tag.inter(61_145),
        tag.audio(61_146),
        tag.key(61_160),
      );
      await finish();
      expect(story(read('live/s.flv').slice(3))).toBe(want);
    }
  });
});

describe('one file after another (spec/media.md §3.2)', () => {
  const second = (from: number): Sent[] =>
    Array.from({ length: 25 }, (_, i) => from + i * 40).flatMap((at, i) => [
      i === 0 ? tag.key(at) : tag.inter(at),
      tag.audio(at + 5),
    ]);

  test('segment: cut at the first key frame after dvr_duration; together they hold every frame once', async () => {
    const { publish, finish, read, announced } = server('dvr_plan segment; dvr_duration 1.5;');
    const { send } = publish();
    send(tag.avcConfig(), tag.aacConfig());
    for (let at = 0; at < 6000; at += 1000) send(...second(at));
    const files = await finish();
    expect(files).toEqual(['live/s-2.flv', 'live/s-3.flv', 'live/s.flv']);
    expect(announced).toEqual(['live/s.flv', 'live/s-2.flv', 'live/s-3.flv']);
    for (const file of files) {
      const tags = read(file);
      expect(story(tags.slice(0, 5))).toBe('m:0 V:0 A:0 k:0 a:5');
      expect(tags.length).toBe(3 + 100);
      expect(metadataOf(tags).get('duration')).toBeCloseTo(2.005, 6);
    }
  });

  test('sound that comes behind the key frame of the next file, and is older, stays in its own', async () => {
    const { publish, finish, read } = server('dvr_plan segment; dvr_duration 1;');
    const { send } = publish();
    send(tag.avcConfig(), tag.aacConfig(), tag.key(0), tag.audio(5), tag.audio(960), tag.inter(980));
    send(tag.key(1000), tag.audio(990), tag.audio(1013), tag.inter(1040));
    await finish();
    expect(story(read('live/s.flv'))).toBe('m:0 V:0 A:0 k:0 a:5 a:960 v:980 a:990');
    expect(story(read('live/s-2.flv'))).toBe('m:0 V:0 A:0 k:0 a:13 v:40');
  });

  test('sound that comes before the key frame of its time is in the file of that', async () => {
    const { publish, finish, read } = server('dvr_plan segment; dvr_duration 1;');
    const { send } = publish();
    send(tag.avcConfig(), tag.aacConfig(), tag.key(0), tag.audio(5), tag.audio(980), tag.audio(1003), tag.audio(1026));
    send(tag.inter(960), tag.key(1000), tag.inter(1040));
    await finish();
    expect(story(read('live/s.flv'))).toBe('m:0 V:0 A:0 k:0 a:5 v:960 a:980');
    expect(story(read('live/s-2.flv'))).toBe('m:0 V:0 A:0 k:0 a:3 a:26 v:40');
  });

  test('segment of sound alone: cut after dvr_duration', async () => {
    const { publish, finish } = server('dvr_plan segment; dvr_duration 1;');
    const { send } = publish();
    send(tag.aacConfig());
    for (let at = 0; at < 4000; at += 20) send(tag.audio(at));
    expect(await finish()).toHaveLength(4);
  });

  test('a codec that changes begins a file, whose headers are the new ones', async () => {
    const { publish, finish, read } = server();
    const { send } = publish();
    send(tag.avcConfig(), tag.aacConfig(), tag.key(0), tag.audio(5));
    send(tag.avcConfig(0, otherAvcConfig), tag.key(40), tag.audio(45), tag.inter(80), tag.audio(85));
    expect(await finish()).toHaveLength(2);
    expect(story(read('live/s.flv'))).toBe('m:0 V:0 A:0 k:0 a:5');
    const next = read('live/s-2.flv');
    expect(story(next)).toBe('m:0 V:0 A:0 k:0 a:5 v:40 a:45');
    expect(Buffer.from(next[1]?.payload ?? []).equals(otherAvcConfig)).toBe(true);
  });

  test.each([
    ['sound', Buffer.from('2ffffb9064', 'hex'), 'm:0 V:0 A:0 k:0 a:5 k:40', 'm:0 V:0 a:0 k:35 a:40 k:75 a:80'],
    ['pictures', Buffer.from('120184000000', 'hex'), 'm:0 V:0 A:0 k:0 a:5', 'm:0 A:0 v:0 a:5 v:40 a:45 v:80 a:85'],
  ])('a codec without a configuration after one that has it: %s', async (kind, payload, first, second) => {
    const { publish, finish, read } = server();
    const { send } = publish();
    send(tag.avcConfig(), tag.aacConfig(), tag.key(0), tag.audio(5));
    for (const at of [40, 80, 120])
      if (kind === 'sound') send(tag.key(at), { kind: 'audio', timestamp: at + 5, payload });
      else send({ kind: 'video', timestamp: at, payload }, tag.audio(at + 5));
    expect(await finish()).toEqual(['live/s-2.flv', 'live/s.flv']);
    expect(story(read('live/s.flv'))).toBe(first);
    expect(story(read('live/s-2.flv'))).toBe(second);
  });

  test('a configuration that is not of the codec that follows begins no file of its own', async () => {
    const { publish, finish, read } = server();
    const { send } = publish();
    const payload = Buffer.from('2ffffb9064', 'hex');
    send(tag.aacConfig(), { kind: 'audio', timestamp: 0, payload }, { kind: 'audio', timestamp: 26, payload });
    expect(await finish()).toEqual(['live/s.flv']);
    expect(story(read('live/s.flv'))).toBe('m:0 a:0 a:26');
  });

  test('codecs that change all the time do not fill the disk', async () => {
    const { publish, finish, said } = server();
    const { send } = publish();
    for (let i = 0; i < 200; i++)
      send(tag.avcConfig(0, i % 2 === 0 ? otherAvcConfig : undefined), tag.key(i * 40), tag.inter(i * 40 + 20));
    expect((await finish()).length).toBeLessThan(20);
    expect(said('recording failed')).toHaveLength(1);
    expect(said('recording failed')[0]?.why).toBe('the codecs change too often');
  });

  test.each(['', 'dvr_plan segment; dvr_duration 10;'])(
    'a publisher that comes back within grace goes on in the file, on one clock: "%s" (R4)',
    async (rows) => {
      const { publish, finish, read, clock } = server(rows);
      for (let i = 0; i < 3; i++) {
        const { send, release } = publish();
        send(tag.avcConfig(), tag.aacConfig(), tag.key(7000), tag.audio(7005), tag.inter(7040));
        release();
        clock.advance(500);
      }
      expect(await finish()).toEqual(['live/s.flv']);
      expect(story(read('live/s.flv'))).toBe('m:0 V:0 A:0 k:0 a:5 v:40 k:60 a:65 v:100 k:120 a:125 v:160');
    },
  );

  test('one that comes later, or with another codec, begins a file', async () => {
    const { publish, finish, clock, files, read } = server();
    const go = async (config?: Buffer, away = 500) => {
      const { send, release } = publish();
      send(tag.avcConfig(0, config), tag.key(0), tag.inter(40));
      release();
      clock.advance(away);
    };
    await go();
    await go(otherAvcConfig);
    await go(otherAvcConfig, 1500);
    await until('both are closed', () => files().length === 2 && files().every((file) => file.endsWith('.flv')));
    await go(otherAvcConfig);
    expect(await finish()).toEqual(['live/s-2.flv', 'live/s-3.flv', 'live/s.flv']);
    expect(story(read('live/s-2.flv'))).toBe('m:0 V:0 k:0 v:40 k:60 v:100');
  });
});

describe('names', () => {
  test('a file that is there is not touched, nor the .tmp of another', async () => {
    const { publish, finish, dir } = server();
    mkdirSync(join(dir, 'live'));
    writeFileSync(join(dir, 'live/s.flv'), 'foreign');
    writeFileSync(join(dir, 'live/s-2.flv.tmp'), 'foreign');
    const { send } = publish();
    send(tag.avcConfig(), tag.key(0), tag.inter(40));
    expect(await finish()).toEqual(['live/s-2.flv.tmp', 'live/s-3.flv', 'live/s.flv']);
    expect(readFileSync(join(dir, 'live/s.flv'), 'utf8')).toBe('foreign');
  });

  test('one that is made meanwhile is not replaced', async () => {
    const { publish, finish, dir, files, clock, read } = server();
    const { send } = publish();
    send(tag.avcConfig(), tag.aacConfig(), tag.key(0), tag.audio(5), tag.inter(40));
    clock.advance(1000);
    await until('it is recorded', () => files().includes('live/s.flv.tmp'));
    writeFileSync(join(dir, 'live/s.flv'), 'foreign');
    expect(await finish()).toEqual(['live/s-2.flv', 'live/s.flv']);
    expect(readFileSync(join(dir, 'live/s.flv'), 'utf8')).toBe('foreign');
    expect(story(read('live/s-2.flv'))).toContain('k:0');
  });

  test('a link that leads out of the directory is not followed (S1)', async () => {
    const { publish, finish, dir, said } = server();
    const outside = mkdtempSync(join(tmpdir(), 'srs-dvr-outside-'));
    onTestFinished(() => rmSync(outside, { recursive: true, force: true }));
    symlinkSync(outside, join(dir, 'live'));
    const { send } = publish();
    send(tag.avcConfig(), tag.key(0), tag.inter(40));
    await finish();
    expect(readdirSync(outside)).toEqual([]);
    expect(said('recording failed')[0]?.why).toBe('a link leads out of the directory');
  });
});

test('a directory that is taken away: the stream goes on, the next file is made in a new one', async () => {
  const { publish, finish, dir, files, clock, said, dvr, stream } = server('dvr_plan segment; dvr_duration 1;');
  const { send } = publish();
  send(tag.avcConfig(), tag.key(0), tag.inter(40), tag.inter(1100));
  clock.advance(1000);
  await until('it is recorded', () => files().includes('live/s.flv.tmp'));
  rmSync(join(dir, 'live'), { recursive: true });
  send(tag.key(1200), tag.inter(1240));
  await until('the log says it', () => said('recording keeps .tmp').length === 1);
  expect(said('recording failed')[0]?.why).toBe('its directory is gone, or led elsewhere');
  expect(dvr.stateOf(stream.key)).toMatchObject({ failures: 1, lastError: 'its directory is gone, or led elsewhere' });
  expect(await finish()).toEqual(['live/s.flv']);
});

test('streams come and go: nothing of them stays but their files (R7)', async () => {
  const { hub, clock, dvr, files, dir } = server();
  const fds = (): number => readdirSync('/proc/self/fd').length;
  const [before, timers] = [fds(), clock.timers];
  for (let i = 0; i < 100; i++) {
    const publication = hub
      .obtain({ vhost, app: 'live', stream: `n${i}` })
      .publish({ id: 'o', evicted: () => undefined });
    for (const { kind, timestamp, payload } of [tag.avcConfig(), tag.key(0), tag.inter(40)])
      publication.media(kind === 'audio' ? 'audio' : 'video', timestamp, freeze(Buffer.from(payload)));
    publication.release();
    clock.advance(1000);
  }
  await until('all are closed', () => dvr.totals.files === 100);
  expect(files().every((file) => file.endsWith('.flv'))).toBe(true);
  expect(dvr.totals).toMatchObject({ streams: 0, waiting: 0, failures: 0 });
  expect(hub.get(`${vhost}/live/n50`)).toBeUndefined();
  expect(clock.timers).toBe(timers);
  expect(fds()).toBeLessThan(before + 5);
  await dvr.close();
  expect(readdirSync(dir)).toEqual(['live']);
});

describe('reload', () => {
  test('another path: the file goes on to the next key frame, and no frame is lost', async () => {
    const { publish, dir, reload, finish, read, stream } = server();
    const { send } = publish();
    send(tag.avcConfig(), tag.aacConfig(), tag.key(0), tag.audio(5));
    reload(`enabled on; dvr_path ${dir}/other/[stream].flv;`);
    send(tag.inter(40), tag.audio(45), tag.key(80), tag.audio(85));
    expect(stream.publication?.held).toBe(true);
    expect(await finish()).toEqual(['live/s.flv', 'other/s.flv']);
    expect(story(read('live/s.flv'))).toBe('m:0 V:0 A:0 k:0 a:5 v:40 a:45');
    expect(story(read('other/s.flv'))).toBe('m:0 V:0 A:0 k:0 a:5');
  });

  test('off closes the file at once; on begins with the newest key frame; dvr_apply chooses', async () => {
    const { publish, reload, finish, read, files, dvr, stream } = server();
    const { send } = publish();
    send(tag.avcConfig(), tag.aacConfig(), tag.key(0), tag.audio(5), tag.inter(40));
    reload('enabled on; dvr_apply live/other;');
    await until('it is closed', () => files().join() === 'live/s.flv');
    expect(dvr.stateOf(stream.key)).toBeUndefined();
    send(tag.key(80), tag.audio(85));
    reload('enabled on; dvr_apply live/other live/s;');
    send(tag.inter(120), tag.audio(125));
    expect(dvr.stateOf(stream.key)).toMatchObject({ state: 'recording', files: 0, failures: 0 });
    expect(await finish()).toEqual(['live/s-2.flv', 'live/s.flv']);
    expect(story(read('live/s-2.flv'))).toBe('m:0 A:0 V:0 k:0 a:5 v:40 a:45');
  });
});
