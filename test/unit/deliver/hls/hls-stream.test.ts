import HLS from 'hls-parser';
import { beforeEach, describe, expect, test } from 'vitest';
import { parseConfig } from '../../../../src/config/index.js';
import { HlsStream } from '../../../../src/deliver/hls/hls-stream.js';
import { aacConfig, aacFrame, avcConfig, avcInter, avcKey } from '../../../support/coded.js';
import { FakeClock } from '../../../support/fake-clock.js';

const files = new Map<string, Buffer>();
const complaints: string[] = [];

function make(stream: string, block: string): HlsStream {
  const text = `listen 1935; vhost __defaultVhost__ { hls { enabled on; ${block} } }`;
  const vhost = parseConfig(text, 'hls').config.vhosts.get('__defaultVhost__');
  if (vhost === undefined) throw new Error('no vhost');
  return new HlsStream(
    { vhost: vhost.name, app: 'live', stream },
    () => vhost.hls,
    new FakeClock(),
    (path, bytes) => void (bytes === undefined ? files.delete(path) : files.set(path, bytes)),
    () => undefined,
    (codec) => complaints.push(codec),
  );
}

beforeEach(() => {
  files.clear();
  complaints.length = 0;
});

describe('the playlist of a stream (RFC 8216)', () => {
  test('groups of 60 pictures at 29.97/s, fragment 4: never cut without a key frame', () => {
    const hls = make('s', 'hls_fragment 4; hls_window 20;');
    hls.segmenter.onFrame(avcConfig(0));
    hls.segmenter.onFrame(aacConfig(0));
    let audio = 0;
    for (let i = 0; i < 4000; i++) {
      const at = Math.round((i * 1001) / 30);
      for (; (audio * 1024) / 44.1 < at; audio++) hls.segmenter.onFrame(aacFrame(Math.round((audio * 1024) / 44.1)));
      hls.segmenter.onFrame(i % 60 === 0 ? avcKey(at) : avcInter(at));
    }
    expect(hls.segmenter.forcedCuts).toBe(0);
    const list = HLS.parse(hls.playlist('') ?? '') as HLS.types.MediaPlaylist;
    expect(list.targetDuration).toBe(4);
    expect(list.segments.length).toBeGreaterThanOrEqual(5);
    for (const { duration } of list.segments) expect(duration).toBeCloseTo(4.004, 2);
  });

  test('a name with characters that mean something in a URI leads to its segments', () => {
    const name = 'a b#c%20:ü+';
    const hls = make(name, 'hls_fragment 1;');
    hls.segmenter.onFrame(aacConfig(0));
    for (let at = 0; at < 3000; at += 20) hls.segmenter.onFrame(aacFrame(at));
    const list = HLS.parse(hls.playlist('?token=x') ?? '') as HLS.types.MediaPlaylist;
    expect(list.segments.length).toBeGreaterThan(0);
    const page = `http://host/live/${encodeURIComponent(name)}.m3u8`;
    for (const { uri } of list.segments) {
      const url = new URL(uri, page);
      expect(url.search).toBe('?token=x');
      expect(files.has(decodeURIComponent(url.pathname))).toBe(true);
    }
  });

  test('a codec that has no place in segments is complained of once', () => {
    const hls = make('s', '');
    const frame = { ...aacFrame(0), codec: 'speex' };
    for (let i = 0; i < 3; i++) hls.segmenter.onFrame(frame);
    expect(complaints).toEqual(['speex']);
  });
});
