import { rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { unprivileged } from '../../scripts/lib/peers.mjs';
import { decodeComplaints } from '../support/decode.js';
import { probe } from '../support/ffprobe.js';
import { clip } from '../support/media.js';
import { withPeers } from '../support/peers.js';
import { background, run, until } from '../support/run.js';
import { type Srs, startSrs } from '../support/srs.js';
import { pause, pushFile } from '../support/streams.js';

let srs: Srs;
let file: string;

beforeAll(async () => {
  srs = await startSrs();
  file = await clip();
});

const live = async (name: string): Promise<string> => {
  const url = srs.url('live', name);
  pushFile(file, url);
  await until(`${name} is published`, () => srs.log().includes(`live/${name}","style":"fmle`));
  return url;
};

withPeers('ffmpeg')('ffmpeg publishes', () => {
  test('ffmpeg decodes 10 s without one complaint', async () => {
    expect(await decodeComplaints(await live('ffmpeg'), 10)).toEqual([]);
  });

  test('ffmpeg with -ss, which seeks and waits for the answer', async () => {
    const url = await live('seek');
    const end = await run('ffmpeg', ['-v', 'error', '-ss', '1', '-i', url, '-t', '2', '-f', 'null', '-']);
    expect(end).toMatchObject({ code: 0, stderr: '' });
  });

  test('to rtmp://…/live/cam/: it is live/cam', async () => {
    pushFile(file, `${srs.url('live', 'slash')}/`);
    expect(await decodeComplaints(srs.url('live', 'slash'), 2)).toEqual([]);
  });

  test('ffprobe sees both tracks from a key frame on, times in order', async () => {
    const seen = await probe(await live('ffprobe'), 4);
    expect(seen.streams.filter((s) => !s.startsWith('data')).sort()).toEqual(['audio:aac', 'video:h264']);
    const video = seen.packets.filter((p) => p.type === 'video');
    expect(video[0]?.isKey).toBe(true);
    for (const type of ['audio', 'video'] as const) {
      const dts = seen.packets.filter((p) => p.type === type).map((p) => p.dts);
      expect(dts.length).toBeGreaterThan(50);
      expect(dts.every((t, i) => i === 0 || t > (dts[i - 1] as number))).toBe(true);
    }
  });
});

withPeers('ffmpeg', 'rtmpdump')('rtmpdump plays', () => {
  test('4 s of it are a file that ffmpeg decodes without a complaint', async () => {
    const out = join(tmpdir(), `srs-rtmpdump-${process.pid}.flv`);
    const end = await run('rtmpdump', ['-q', '-v', '-r', await live('rtmpdump'), '-B', '4', '-o', out]);
    expect([0, 2]).toContain(end.code); // 2: the stream went on after what was asked for
    expect((await stat(out)).size).toBeGreaterThan(150_000);
    expect(await decodeComplaints(out, 4)).toEqual([]);
    await rm(out);
  });
});

const decodes = (kind: string) => new RegExp(`avdec_.*src: caps = ${kind}/x-raw`);

withPeers('ffmpeg', 'gstreamer')('GStreamer plays', () => {
  test.each(['rtmp2src', 'rtmpsrc'])('%s, demuxed and decoded', async (source) => {
    const url = await live(source);
    const location = source === 'rtmp2src' ? url : `${url} live=1`;
    const video = 'd.video ! queue ! h264parse ! avdec_h264 ! fakesink';
    const audio = 'd.audio ! queue ! aacparse ! avdec_aac ! fakesink';
    const rest = `! flvdemux name=d ${video} ${audio}`.split(' ');
    const player = background('gst-launch-1.0', ['-v', source, `location=${location}`, ...rest]);
    await until(
      'both tracks are decoded',
      () => ['video', 'audio'].every((k) => decodes(k).test(player.log())),
      15_000,
    );
    await pause(3000);
    expect(player.child.exitCode).toBeNull();
    expect(player.log()).not.toMatch(/ERROR|WARN/);
    player.signal('SIGINT');
    expect(await Promise.race([player.ended.then(() => 'ended'), pause(10_000)])).toBe('ended');
  });
});

withPeers('ffmpeg', 'vlc')('VLC plays', () => {
  test('for 6 s, decoding both tracks', async () => {
    const url = await live('vlc');
    // With so much in hand a busy machine makes no buffer late: only wrong times do.
    const quiet = ['--no-dbus', '--intf', 'dummy', '--vout', 'dummy', '--aout', 'dummy', '--network-caching', '3000'];
    const player = background(...unprivileged('cvlc', ['-vvv', ...quiet, '--run-time', '6', url, 'vlc://quit']));
    const end = await player.ended;
    expect(end.code).toBe(0);
    expect(player.log()).toMatch(/avcodec.*decoder|using video decoder module "avcodec"/);
    expect(player.log()).toMatch(/using audio decoder module/);
    expect(player.log()).not.toMatch(/(main|avcodec|access) error|buffer too late|Failed to|cannot connect/i);
  });
});
