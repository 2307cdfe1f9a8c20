import { describe, expect, test } from 'vitest';
import { parseConfig } from '../../../../src/config/index.js';
import { ms } from '../../../../src/core/index.js';
import { HlsOutputs } from '../../../../src/deliver/index.js';
import { openLog } from '../../../../src/kernel/index.js';
import { FanoutGovernor, RtmpFormat, StreamHub, Viewer } from '../../../../src/stream/index.js';
import { aacConfig, aacFrame, avcConfig, avcInter, avcKey } from '../../../support/coded.js';
import { FakeClock } from '../../../support/fake-clock.js';
import { FakeSink } from '../../../support/fake-sink.js';

const { log } = openLog({ tank: 'file', level: 'error', file: '/dev/null' });
const vhost = '__defaultVhost__';
const parse = (enabled: string) =>
  parseConfig(`listen 1935; vhost ${vhost} { hls { enabled ${enabled}; hls_fragment 1; hls_window 60; } }`, 'hls')
    .config;

function server(enabled = 'on') {
  const clock = new FakeClock();
  let config = parse(enabled);
  const hub = new StreamHub(() => config, clock, new FanoutGovernor(clock), {});
  const hls = new HlsOutputs(hub, () => config, clock, log, { completed: () => undefined, failed: () => undefined });
  const stream = hub.obtain({ vhost, app: 'live', stream: 's' });
  const publication = () => stream.publish({ id: 'o', evicted: () => undefined });
  /** Sound of so many ms. */
  const send = (to: ReturnType<typeof publication>, from: number, until: number) => {
    to.media('audio', from, aacConfig(0).payload);
    for (let at = from; at < until; at += 20) to.media('audio', at, aacFrame(at).payload);
  };
  const playlist = (): string => {
    const file = hls.find(vhost, '/live/s.m3u8');
    return (file?.kind === 'playlist' ? file.text('') : undefined) ?? '';
  };
  const lines = (tag: string) => playlist().split(`#${tag}`).length - 1;
  const reload = (to: string) => {
    config = parse(to);
    hls.reconfigure(hub);
  };
  return { clock, stream, publication, send, lines, reload };
}

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
    expect(lines('EXT-X-DISCONTINUITY\n')).toBe(1);
  });

  test('a reload that turns HLS on while a stream is live: no cut at once, no discontinuity', () => {
    const { publication, lines, reload } = server('off');
    const live = publication();
    const show = (from: number, until: number) => {
      for (let at = from; at < until; at += 40)
        live.media('video', at, (at % 1000 === 0 ? avcKey(at) : avcInter(at)).payload);
    };
    live.media('video', 0, avcConfig(0).payload);
    show(0, 800);
    reload('on');
    expect(lines('EXTINF')).toBe(0);
    show(800, 4200);
    expect(lines('EXTINF')).toBeGreaterThan(1);
    expect(lines('EXT-X-DISCONTINUITY\n')).toBe(0);
  });
});
