import { beforeAll, expect, test } from 'vitest';
import WebSocket from 'ws';
import { unprivileged } from '../../scripts/lib/peers.mjs';
import { decodeComplaints } from '../support/decode.js';
import { probe } from '../support/ffprobe.js';
import { clip } from '../support/media.js';
import { withPeers } from '../support/peers.js';
import { background, until } from '../support/run.js';
import { type Srs, startSrs } from '../support/srs.js';
import { pushFile } from '../support/streams.js';
import { checkTs } from '../support/ts-check.js';

/** Players of other projects, on each output over HTTP. */
const config = `
listen PORT;
pid DIR/srs.pid;
srs_log_tank console;
http_server { enabled on; listen HTTP_PORT; dir DIR; }
vhost __defaultVhost__ {
  http_remux { enabled on; mount [vhost]/[app]/[stream].flv; mount [vhost]/[app]/[stream].ts; }
  hls { enabled on; hls_fragment 2; hls_window 20; }
}
`;
const OUTPUTS = ['flv', 'ts', 'm3u8'] as const;

let srs: Srs;
const at = (extension: string) => `http://127.0.0.1:${srs.ports.HTTP_PORT}/live/played.${extension}`;

withPeers('ffmpeg')('over HTTP', () => {
  beforeAll(async () => {
    srs = await startSrs({ config });
    pushFile(await clip({ bFrames: 2 }), srs.url('live', 'played'));
    await until('HLS has begun', async () => (await fetch(at('m3u8'))).ok, 20_000);
  });

  test('ffmpeg decodes MPEG-TS without a complaint, from a key frame on; ?only= leaves one track', async () => {
    const [complaints, all, audio, video] = await Promise.all([
      decodeComplaints(at('ts'), 5),
      probe(at('ts'), 3),
      probe(`${at('ts')}?only=audio`, 2),
      probe(`${at('ts')}?only=video`, 2),
    ]);
    expect(complaints).toEqual([]);
    expect(all.streams.toSorted()).toEqual(['audio:aac', 'video:h264']);
    expect(all.packets.find(({ type }) => type === 'video')?.isKey).toBe(true);
    expect([audio.streams, video.streams]).toEqual([['audio:aac'], ['video:h264']]);
    const reply = await fetch(at('ts'));
    expect(reply.headers.get('content-type')).toBe('video/mp2t');
    await reply.body?.cancel();
  });

  test('over a WebSocket every message is whole packets, tables first, counters right', async () => {
    const socket = new WebSocket(at('ts').replace('http', 'ws'));
    const messages: Buffer[] = [];
    socket.on('message', (bytes: Buffer) => messages.push(bytes));
    await until('two seconds of messages', () => messages.length > 150, 20_000);
    socket.terminate();
    expect(messages.every(({ length }) => length > 0 && length % 188 === 0)).toBe(true);
    expect(messages[0]?.readUInt16BE(1)).toBe(0x4000);
    expect(checkTs(Buffer.concat(messages)).faults).toEqual([]);
  });

  withPeers('gstreamer')('GStreamer', () => {
    const video = 'd. ! queue ! h264parse ! avdec_h264 ! fakesink name=pictures silent=false sync=true';
    const audio = 'd. ! queue ! aacparse ! avdec_aac ! fakesink name=sound silent=false sync=true';
    const demux = { flv: 'flvdemux name=d', ts: 'tsdemux name=d', m3u8: 'hlsdemux ! tsdemux name=d' };

    test.each(OUTPUTS)('plays .%s in real time, both tracks decoded', { timeout: 90_000 }, async (output) => {
      const source = `souphttpsrc location=${at(output)} is-live=${output !== 'm3u8'}`;
      const pipeline = `-v ${source} ! ${demux[output]} ${video} ${audio}`.split(' ');
      const player = background('gst-launch-1.0', pipeline, { env: { ...process.env, GST_DEBUG: '2' } });
      /** Buffers that reached the sink; each changes `last-message`. */
      const shown = (sink: string) =>
        player.log().match(new RegExp(`${sink}: last-message = "?chain`, 'g'))?.length ?? 0;
      // What reaches the sinks was decoded. The caps are not waited for: gst-launch leaves out some of its notices.
      await until('3 s of pictures and sound', () => shown('pictures') > 75 && shown('sound') > 75, 60_000).catch(
        (cause) => {
          throw new Error(`GStreamer does not decode; it wrote:\n${player.log().slice(-4000)}`, { cause });
        },
      );
      expect(player.child.exitCode).toBeNull();
      expect(player.log()).not.toMatch(/ERROR|CONTINUITY|(WARN.*(tsdemux|mpegts|flvdemux|hlsdemux))/);
      await player.stop();
    });
  });

  withPeers('vlc')('VLC', () => {
    test.each(OUTPUTS)('plays .%s for seconds, decoding both tracks', { timeout: 90_000 }, async (output) => {
      // With so much in hand a busy machine makes no buffer late: only wrong times do.
      const quiet = ['--no-dbus', '--intf', 'dummy', '--vout', 'dummy', '--aout', 'dummy', '--network-caching', '3000'];
      const player = background(
        ...unprivileged('cvlc', [
          '-vvv',
          ...quiet,
          '--run-time',
          output === 'm3u8' ? '10' : '6',
          at(output),
          'vlc://quit',
        ]),
      );
      const end = await player.ended;
      expect(end.code).toBe(0);
      expect(player.log()).toMatch(/using video decoder module "avcodec"/);
      expect(player.log()).toMatch(/using audio decoder module/);
      expect(player.log()).toMatch(/Received first picture|Stream buffering done/);
      if (output === 'm3u8') expect(player.log().match(/Retrieving http\S+\.ts/g)?.length).toBeGreaterThan(2);
      expect(player.log()).not.toMatch(
        /(main|avcodec|access|ts|adaptive) error|discontinuity received|buffer too late|Failed to|cannot connect/i,
      );
    });
  });
});
