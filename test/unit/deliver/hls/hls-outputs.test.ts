import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { parseConfig } from '../../../../src/config/index.js';
import { freeze, ms } from '../../../../src/core/index.js';
import { HlsOutputs } from '../../../../src/deliver/index.js';
import { openLog } from '../../../../src/kernel/index.js';
import { FanoutGovernor, RtmpFormat, StreamHub, Viewer } from '../../../../src/stream/index.js';
import { aacConfig, aacFrame, avcConfig, avcInter, avcKey } from '../../../support/coded.js';
import { FakeClock } from '../../../support/fake-clock.js';
import { FakeSink } from '../../../support/fake-sink.js';
import { until } from '../../../support/run.js';

const { log } = openLog({ tank: 'file', level: 'error', file: '/dev/null' });
const vhost = '__defaultVhost__';
const parse = (block: string) =>
  parseConfig(`listen 1935; vhost ${vhost} { hls { hls_fragment 1; hls_window 60; ${block} } }`, 'hls').config;

function server(block = 'enabled on;') {
  const clock = new FakeClock();
  let config = parse(block);
  const hub = new StreamHub(() => config, clock, new FanoutGovernor(clock), {});
  const hls = new HlsOutputs(hub, () => config, clock, log, { completed: () => undefined, failed: () => undefined });
  const obtain = (name: string) => hub.obtain({ vhost, app: 'live', stream: name });
  const stream = obtain('s');
  const publication = (of = stream) => of.publish({ id: 'o', evicted: () => undefined });
  /** Sound of so many ms. */
  const send = (to: ReturnType<typeof publication>, from: number, until: number) => {
    to.media('audio', from, aacConfig(0).payload);
    for (let at = from; at < until; at += 20) to.media('audio', at, aacFrame(at).payload);
  };
  const playlist = (name = 's'): string => {
    const file = hls.find(vhost, `/live/${name}.m3u8`);
    return (file?.kind === 'playlist' ? file.text('') : undefined) ?? '';
  };
  const lines = (tag: string) => playlist().split(`#${tag}`).length - 1;
  const reload = (to: string) => {
    config = parse(to);
    hls.reconfigure(hub);
  };
  /** A stream that was there for so many ms. */
  const show = (name: string, length: number) => {
    const live = publication(obtain(name));
    send(live, 0, length);
    live.release();
    clock.advance(ms(60_000));
  };
  return { clock, hls, obtain, publication, stream, send, show, playlist, lines, reload };
}

describe('a player that asks before there is a segment', () => {
  /** What happened to it since, without time passing. */
  function early() {
    const it = server();
    const live = it.publication();
    const file = it.hls.find(vhost, '/live/s.m3u8');
    if (file?.kind !== 'playlist') throw new Error('no playlist');
    let waits = true;
    const wait = it.hls.arrival(vhost, '/live/s.m3u8', ms(10_000));
    void wait.over.then(() => (waits = false));
    const stillWaits = async (): Promise<boolean> => {
      await new Promise((resolve) => setImmediate(resolve));
      return waits;
    };
    return { ...it, live, stillWaits, isAwaited: () => file.isAwaited(), leave: wait.stop };
  }

  test('waits for the first one', async () => {
    const { live, send, stillWaits, isAwaited } = early();
    send(live, 0, 1000);
    expect(await stillWaits()).toBe(true);
    expect(isAwaited()).toBe(true);
    send(live, 1000, 3000);
    expect(await stillWaits()).toBe(false);
    expect(isAwaited()).toBe(false);
  });

  test('as long as it likes', async () => {
    const { clock, stillWaits } = early();
    clock.advance(ms(9900));
    expect(await stillWaits()).toBe(true);
    clock.advance(ms(100));
    expect(await stillWaits()).toBe(false);
  });

  test('until it leaves', async () => {
    const { leave, stillWaits } = early();
    expect(await stillWaits()).toBe(true);
    leave();
    expect(await stillWaits()).toBe(false);
  });

  test('until HLS is turned off', async () => {
    const { reload, stillWaits } = early();
    expect(await stillWaits()).toBe(true);
    reload('enabled off;');
    expect(await stillWaits()).toBe(false);
  });

  test('until it is known that nothing of it can be in HLS', async () => {
    const { live, stillWaits, isAwaited } = early();
    live.media('audio', 0, freeze(Buffer.from('b2aabbcc', 'hex')));
    expect(await stillWaits()).toBe(false);
    expect(isAwaited()).toBe(false);
  });
});

describe('HLS of a stream over its publishers', () => {
  test('the publisher is back after the end, while a viewer kept the stream: the playlist goes on', () => {
    const { clock, stream, publication, send, lines } = server();
    stream.join(new Viewer(new FakeSink()), new RtmpFormat(60_000));
    const first = publication();
    send(first, 0, 3000);
    first.release();
    const before = lines('EXTINF');
    expect(before).toBeGreaterThan(1);
    clock.advance(ms(60_000));
    expect(lines('EXT-X-ENDLIST')).toBe(1);
    const second = publication();
    send(second, 0, 3000);
    expect(lines('EXT-X-ENDLIST')).toBe(0);
    expect(lines('EXTINF')).toBeGreaterThan(before);
    // In front of each publish.
    expect(lines('EXT-X-DISCONTINUITY\n')).toBe(2);
  });

  test('a reload that turns HLS on while a stream is live: no cut at once, no discontinuity on the way', () => {
    const { publication, playlist, lines, reload } = server('enabled off;');
    const live = publication();
    const show = (from: number, until: number) => {
      for (let at = from; at < until; at += 40)
        live.media('video', at, (at % 1000 === 0 ? avcKey(at) : avcInter(at)).payload);
    };
    live.media('video', 0, avcConfig(0).payload);
    show(0, 800);
    reload('enabled on;');
    expect(lines('EXTINF')).toBe(0);
    show(800, 4200);
    expect(lines('EXTINF')).toBeGreaterThan(1);
    expect(lines('EXT-X-DISCONTINUITY\n')).toBe(1);
    expect(playlist()).toMatch(/#EXT-X-DISCONTINUITY-SEQUENCE:\d+\n#EXT-X-DISCONTINUITY\n/);
  });

  test('RFC 8216 §6.2.2: a reload that moves the output goes on with the numbers of segments and of discontinuities', () => {
    const { publication, send, playlist, reload } = server();
    for (let i = 0; i < 3; i++) {
      const live = publication();
      send(live, 0, 3000);
      live.release();
    }
    const live = publication();
    send(live, 0, 3000);
    /** Numbers of the last segment in the list. */
    const last = (): [number, number] => {
      const text = playlist();
      const number = (tag: string): number => Number(new RegExp(`${tag}-SEQUENCE:(\\d+)`).exec(text)?.[1]);
      const count = (tag: string): number => text.split(tag).length - 1;
      return [number('MEDIA') + count('#EXTINF') - 1, number('DISCONTINUITY') + count('#EXT-X-DISCONTINUITY\n')];
    };
    const before = last();
    expect(before[1]).toBe(4);
    reload('enabled on; hls_m3u8_file [app]/[stream].m3u8; hls_path /nowhere; hls_storage ram;');
    for (let at = 3000; at < 4500; at += 20) live.media('audio', at, aacFrame(at).payload);
    const after = last();
    expect(after[0]).toBeGreaterThan(before[0]);
    expect(after[1]).toBe(before[1] + 1);
  });
});

describe('hls_dispose 0', () => {
  test('without files: the last 100 streams that ended stay in memory; one that is published again counts anew', () => {
    const { clock, publication, send, show, playlist } = server('enabled on; hls_dispose 0;');
    const is = (name: string): boolean => playlist(name) !== '';
    const live = publication();
    send(live, 0, 3000);
    for (let i = 0; i < 100; i++) show(`n${i}`, 2000);
    expect([is('n0'), is('n99'), is('s')]).toEqual([true, true, true]);
    show('n0', 2000);
    expect([is('n0'), is('n1')]).toEqual([true, true]);
    show('n100', 2000);
    clock.advance(ms(1_000_000));
    expect([is('n0'), is('n1'), is('n2'), is('n100'), is('s')]).toEqual([true, false, true, true, true]);
  });

  test('without files: they have a bound in bytes, too; the last one stays, whatever it holds', () => {
    const { clock, publication, obtain, playlist } = server('enabled on; hls_dispose 0;');
    // One key frame of a MiB; its length is in front of it.
    const picture = Buffer.alloc(2 ** 20, 1);
    picture.set([0x17, 1, 0, 0, 0]);
    picture.writeUInt32BE(picture.length - 9, 5);
    picture[9] = 0x65;
    for (const name of ['one', 'two', 'three']) {
      const live = publication(obtain(name));
      live.media('video', 0, avcConfig(0).payload);
      for (let i = 0; i < 70; i++) live.media('video', i * 40, freeze(picture));
      live.release();
      clock.advance(ms(60_000));
      expect(playlist(name)).toContain('EXT-X-ENDLIST');
    }
    expect([playlist('one'), playlist('two')]).toEqual(['', '']);
  });

  test('with files: they stay, and the memory is free after 120 s', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'srs-hls-'));
    onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
    const { clock, show, playlist, hls } = server(`enabled on; hls_dispose 0; hls_path ${dir};`);
    show('kept', 3000);
    await until('it is on disk', () => existsSync(join(dir, 'live/kept.m3u8')));
    clock.advance(ms(50_000));
    expect(playlist('kept')).not.toBe('');
    clock.advance(ms(60_000));
    expect(playlist('kept')).toBe('');
    await hls.close();
    expect(existsSync(join(dir, 'live/kept.m3u8'))).toBe(true);
  });
});
