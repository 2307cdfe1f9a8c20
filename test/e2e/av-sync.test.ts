import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import WebSocket from 'ws';
import { withPeers } from '../support/peers.js';
import { run, until } from '../support/run.js';
import { type Srs, startSrs } from '../support/srs.js';
import { pushFile } from '../support/streams.js';

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

/** Every second a white frame and, at the same time, the start of a beep. */
const FLASH = "color=black:size=320x180:rate=25,drawbox=color=white:t=fill:enable='lt(mod(t,1),0.03)'";
const BEEP = "aevalsrc='0.8*sin(2*PI*1000*t)*lt(mod(t,1),0.2)':s=44100";

interface Events {
  readonly flashes: number[];
  readonly beeps: number[];
}

/** When pictures turn white and when sounds begin, in the first `seconds` of a file or URL, as decoded. */
async function eventsOf(url: string, seconds: number): Promise<Events> {
  const video = ['-map', '0:v', '-vf', 'scale=2:2,signalstats,metadata=print:key=lavfi.signalstats.YAVG:file=-'];
  const audio = ['-map', '0:a', '-af', 'silencedetect=noise=-20dB:d=0.1'];
  const end = await run(
    'ffmpeg',
    ['-hide_banner', '-t', `${seconds}`, '-i', url, ...video, ...audio, '-f', 'null', '-'],
    { timeoutMs: seconds * 1000 + 60_000 },
  );
  if (end.code !== 0) throw new Error(`ffmpeg ${url}: ${end.stderr}`);
  const frames = [...end.stdout.matchAll(/pts_time:([\d.]+)\s+lavfi\.signalstats\.YAVG=([\d.]+)/g)];
  return {
    flashes: frames.filter(([, , light]) => Number(light) > 128).map(([, time]) => Number(time)),
    beeps: [...end.stderr.matchAll(/silence_end: ([\d.]+)/g)].map(([, time]) => Number(time)),
  };
}

/** For each flash how much later the nearest beep starts, in ms. */
const skewsOf = ({ flashes, beeps }: Events): number[] =>
  flashes.flatMap((flash) => {
    const nearest = beeps.toSorted((a, b) => Math.abs(a - flash) - Math.abs(b - flash))[0];
    // A capture may begin or end between the two.
    return nearest === undefined || Math.abs(nearest - flash) > 0.4 ? [] : [(nearest - flash) * 1000];
  });

withPeers('ffmpeg')('sound and picture stay together on every output', () => {
  let srs: Srs;
  let dir: string;
  let file: string;

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'srs-sync-'));
    file = join(dir, 'flash.flv');
    const coded = [
      '-c:v',
      'libx264',
      '-preset',
      'veryfast',
      '-bf',
      '2',
      '-g',
      '25',
      '-pix_fmt',
      'yuv420p',
      '-c:a',
      'aac',
    ];
    const made = await run('ffmpeg', [
      ...['-v', 'error', '-f', 'lavfi', '-i', FLASH, '-f', 'lavfi', '-i', BEEP, ...coded, '-t', '40', file],
    ]);
    expect(made.code, made.stderr).toBe(0);
    srs = await startSrs({ config });
    pushFile(file, srs.url('live', 'sync'));
    const playlist = `http://127.0.0.1:${srs.ports.HTTP_PORT}/live/sync.m3u8`;
    await until('HLS has begun', async () => (await fetch(playlist)).ok, 30_000);
  });
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  /** What a WebSocket brings in some seconds, as a file. */
  async function captured(url: string, seconds: number): Promise<string> {
    const parts: Buffer[] = [];
    const socket = new WebSocket(url);
    socket.on('message', (bytes: Buffer) => parts.push(bytes));
    await until('a message', () => parts.length > 0);
    await new Promise((done) => setTimeout(done, seconds * 1000));
    socket.terminate();
    const out = join(dir, 'ws.flv');
    writeFileSync(out, Buffer.concat(parts));
    return out;
  }

  test('a flash and its beep are as far apart as in the source, to 50 ms', { timeout: 120_000 }, async () => {
    const [source = Number.NaN] = skewsOf(await eventsOf(file, 3));
    const http = `127.0.0.1:${srs.ports.HTTP_PORT}/live/sync`;
    const seconds = 5;
    const outputs = await Promise.all([
      eventsOf(srs.url('live', 'sync'), seconds),
      eventsOf(`http://${http}.flv`, seconds),
      eventsOf(`http://${http}.ts`, seconds),
      eventsOf(`http://${http}.m3u8`, seconds),
      captured(`ws://${http}.flv`, seconds).then((out) => eventsOf(out, seconds)),
    ]);
    const drift = outputs.map((events) => skewsOf(events).map((skew) => Math.round(skew - source)));
    for (const one of drift) {
      expect(one.length, JSON.stringify(drift)).toBeGreaterThanOrEqual(3);
      expect(Math.max(...one.map(Math.abs)), JSON.stringify(drift)).toBeLessThan(50);
    }
  });
});
