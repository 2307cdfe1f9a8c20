import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { FlvReader } from '../../src/protocol/flv/index.js';
import { decodeComplaints } from '../support/decode.js';
import { probe } from '../support/ffprobe.js';
import { send } from '../support/hls.js';
import { type HookServer, startHooks } from '../support/hook-server.js';
import { linesOf } from '../support/log-lines.js';
import { clip } from '../support/media.js';
import { withPeers } from '../support/peers.js';
import { metadataOf, recordingsIn, sameness, wholeFile } from '../support/recordings.js';
import { reload } from '../support/reload.js';
import { run, until } from '../support/run.js';
import { type Srs, startSrs } from '../support/srs.js';
import { flvMessages, isConfig, neverBack, publish, pushFile, record, times } from '../support/streams.js';
import { feed } from '../support/synthetic.js';

const config = (dvr: string, more = '') => `
listen PORT;
pid DIR/srs.pid;
srs_log_tank console;
inotify_auto_reload off;
http_server { enabled on; listen HTTP_PORT; dir DIR/rec; }
http_api { enabled on; listen 127.0.0.1:API_PORT; }
vhost __defaultVhost__ { publish { grace 1; } dvr { enabled on; dvr_path DIR/rec; ${dvr} } ${more} }
`;
const files = (srs: Srs): string[] => recordingsIn(join(srs.dir, 'rec'));
const pathOf = (srs: Srs, file: string): string => join(srs.dir, 'rec', file);
const isClosed = (file: string): boolean => file.endsWith('.flv');

/** The files, once all are closed and there are so many. */
const closed = (srs: Srs, count: number): Promise<string[]> =>
  until(
    `${count} files are closed`,
    () => {
      const list = files(srs);
      return list.length === count && list.every(isClosed) && list;
    },
    20_000,
  );

/** A file is sent as fast as it goes. */
async function push(srs: Srs, file: string, stream = 's', until = Number.POSITIVE_INFINITY): Promise<void> {
  const client = await publish(srs.url('live', stream));
  await send(
    client,
    (await flvMessages(file)).filter(({ timestamp }) => timestamp < until),
  );
  await client.unpublish();
  client.close();
}

withPeers('ffmpeg')('recording with dvr_plan session (spec/media.md §3)', () => {
  test('the file has every packet of the input, sound and picture as far apart; the hook, the API and metrics tell', async () => {
    const hooks: HookServer = await startHooks();
    const srs = await startSrs({ config: config('', `http_hooks { enabled on; on_dvr ${hooks.url}/dvrs; }`) });
    const input = await clip({ seconds: 12, bFrames: 2 });
    const client = await publish(srs.url('live', 's'));
    await send(client, await flvMessages(input));
    const api = async () => {
      const reply = await fetch(`http://127.0.0.1:${srs.ports.API_PORT}/api/v1/streams`);
      const { streams } = (await reply.json()) as { streams: { dvr: Record<string, unknown> | null }[] };
      return streams[0]?.dvr;
    };
    const open = await until('the API shows the file', async () => {
      const dvr = await api();
      return dvr?.state === 'recording' && Number(dvr.duration) > 11 && dvr;
    });
    expect(open.file).toMatch(/\/rec\/live\/s\.\d{13}\.flv$/);
    expect(open).toMatchObject({ files: 0, failures: 0, last_error: '' });
    await until('it is on disk, all but closed', () => files(srs).some((name) => name.endsWith('.flv.tmp')));
    client.close();
    const [file = ''] = await closed(srs, 1);
    expect(pathOf(srs, file)).toBe(open.file);

    const packets = await wholeFile(pathOf(srs, file));
    const source = await probe(input, 60);
    for (const kind of ['video', 'audio'] as const)
      expect(sameness(packets, kind)).toEqual(sameness(source.packets, kind));
    // One shift for both, and for every packet.
    const shifts = new Set<string>();
    for (const kind of ['video', 'audio'] as const) {
      const before = source.packets.filter(({ type }) => type === kind);
      packets
        .filter(({ type }) => type === kind)
        .forEach(({ dts, pts }, i) => {
          shifts.add((dts - (before[i]?.dts ?? 0)).toFixed(3));
          shifts.add((pts - (before[i]?.pts ?? 0)).toFixed(3));
        });
    }
    expect(shifts.size).toBe(1);

    const call = await until('the hook is told', () => hooks.of('on_dvr')[0]);
    expect(call.url).toBe('/dvrs');
    const { client_id, ip, event_id, server_id, service_id, stream_id, ...fields } = call.body;
    expect(fields).toEqual({
      action: 'on_dvr',
      vhost: '__defaultVhost__',
      app: 'live',
      stream: 's',
      param: '',
      cwd: srs.dir,
      file: open.file,
      stream_url: '__defaultVhost__/live/s',
    });
    const metrics = await (await fetch(`http://127.0.0.1:${srs.ports.API_PORT}/metrics`)).text();
    expect(metrics).toMatch(/^srs_dvr_files_total 1$/m);
    expect(metrics).toMatch(/^srs_dvr_failures_total 0$/m);
    expect(Number(/^srs_dvr_bytes_total (\d+)$/m.exec(metrics)?.[1])).toBe(readFileSync(open.file as string).length);
    expect(linesOf(srs.log()).find(({ msg }) => msg === 'recorded')).toMatchObject({ why: 'the stream has ended' });
    await srs.stop();
  });

  test('played back over HTTP: a range, and ?start= with an offset of the index (spec/http.md §3.1)', async () => {
    const srs = await startSrs({ config: config('') });
    await push(srs, await clip({ seconds: 12 }));
    const [file = ''] = await closed(srs, 1);
    const url = `http://127.0.0.1:${srs.ports.HTTP_PORT}/${file}`;
    const whole = readFileSync(pathOf(srs, file));
    const part = await fetch(url, { headers: { range: 'bytes=1000-1999' } });
    expect(part.status).toBe(206);
    expect(Buffer.from(await part.arrayBuffer()).equals(whole.subarray(1000, 2000))).toBe(true);

    const keyframes = (await metadataOf(pathOf(srs, file))).get('keyframes') as Map<string, number[]>;
    const at = (keyframes.get('times') ?? []).findIndex((time) => time >= 6);
    const start = keyframes.get('filepositions')?.[at] ?? 0;
    const reply = await fetch(`${url}?start=${start}`);
    const tags = new FlvReader().push(Buffer.from(await reply.arrayBuffer()));
    expect(tags.slice(0, 2).every(({ payload }) => payload[1] === 0)).toBe(true);
    expect(tags[2]?.payload[0]).toBe(0x17);
    expect(tags[2]?.timestamp).toBe((keyframes.get('times')?.[at] ?? 0) * 1000);
    expect(await decodeComplaints(`${url}?start=${start}`)).toEqual([]);
    // ffmpeg seeks by the index and by ranges.
    const seek = await run('ffmpeg', [
      '-v',
      'error',
      '-ss',
      '8',
      '-i',
      url,
      '-an',
      '-frames:v',
      '1',
      '-f',
      'framecrc',
      '-',
    ]);
    expect(seek.stderr).toBe('');
    expect(seek.stdout).toMatch(/^0, +\d+, /m);
    await srs.stop();
  });

  test('sound alone, pictures alone, MP3', async () => {
    const srs = await startSrs({ config: config('') });
    const kinds = { a: { video: 'none' }, v: { audio: 'none' }, m: { audio: 'mp3' } } as const;
    for (const [stream, kind] of Object.entries(kinds)) await push(srs, await clip({ seconds: 4, ...kind }), stream);
    for (const file of await closed(srs, 3)) {
      const found = new Set((await wholeFile(pathOf(srs, file))).map(({ type }) => type));
      expect([...found].sort()).toEqual({ a: ['audio'], v: ['video'], m: ['audio', 'video'] }[file.charAt(5)]);
    }
    await srs.stop();
  });

  test('50 republishes within grace are one file; another picture size begins a second one (R4)', async () => {
    const srs = await startSrs({ config: config('') });
    const url = srs.url('live', 's');
    const media = (await flvMessages(await clip({ seconds: 4, gop: 25 }))).filter(({ timestamp }) => timestamp < 1000);
    const client = await publish(url);
    for (let i = 0; i < 50; i++) {
      if (i > 0) await client.publish();
      await send(client, media, i * 77_000);
      await client.unpublish();
    }
    await client.publish();
    await send(client, await flvMessages(await clip({ seconds: 4, size: '320x180' })));
    client.close();
    const [first = '', second = ''] = await closed(srs, 2);
    const packets = await wholeFile(pathOf(srs, first));
    const expected = media.filter((m) => m.kind === 'video' && !isConfig(m)).length * 50;
    const video = packets.filter(({ type }) => type === 'video');
    expect(video.length).toBe(expected);
    for (const kind of ['audio', 'video'] as const)
      expect(neverBack(packets.filter(({ type }) => type === kind).map(({ dts }) => dts * 1000))).toBe(true);
    // Nothing but frames takes time: 50 times a second, and a frame's length in between.
    expect(Math.max(...video.map(({ dts }) => dts))).toBeLessThan(52);
    expect((await wholeFile(pathOf(srs, second))).filter(({ type }) => type === 'video')).toHaveLength(100);
    expect(linesOf(srs.log()).filter(({ msg }) => msg === 'recorded')[0]?.why).toBe('the codec changed');
    await srs.stop();
  });
});

withPeers('ffmpeg')('recording with dvr_plan segment (spec/media.md §3.2)', () => {
  test('files begin with key frames and hold every packet once', async () => {
    const srs = await startSrs({ config: config('dvr_plan segment; dvr_duration 2;') });
    const input = await clip({ seconds: 12, bFrames: 2, gop: 25 });
    const end = await run('ffmpeg', [
      '-v',
      'error',
      '-t',
      '6.9',
      '-i',
      input,
      '-c',
      'copy',
      '-f',
      'flv',
      srs.url('live', 's'),
    ]);
    expect(end.code).toBe(0);
    const list = await closed(srs, 4);
    const packets = [];
    let duration = 0;
    for (const file of list) {
      const found = await wholeFile(pathOf(srs, file));
      expect(found.find(({ type }) => type === 'video')).toMatchObject({ isKey: true });
      expect(Math.min(...found.map(({ dts }) => dts))).toBeLessThan(0.001);
      duration += Number((await metadataOf(pathOf(srs, file))).get('duration'));
      packets.push(...found);
    }
    expect(Math.abs(duration - 6.9)).toBeLessThan(0.2);
    const source = await probe(input, 60);
    for (const kind of ['video', 'audio'] as const) {
      const got = sameness(packets, kind);
      expect(got.length).toBeGreaterThan(170);
      expect(got).toEqual(sameness(source.packets, kind).slice(0, got.length));
    }
    await srs.stop();
  });

  test('SIGTERM in the middle of a file: it is closed, and told of', async () => {
    const hooks = await startHooks();
    const srs = await startSrs({
      config: config('dvr_plan segment; dvr_duration 5;', `http_hooks { enabled on; on_dvr ${hooks.url}/; }`),
    });
    const client = await publish(srs.url('live', 's'));
    await send(
      client,
      (await flvMessages(await clip({ seconds: 12 }))).filter(({ timestamp }) => timestamp < 8000),
    );
    await until('the second file is begun', () => files(srs).length === 2);
    const dir = join(srs.dir, 'rec');
    const stopping = until('both are closed', () => recordingsIn(dir).filter(isClosed).length === 2);
    srs.signal('SIGTERM');
    await stopping;
    expect((await srs.ended).code).toBe(0);
    expect(hooks.of('on_dvr')).toHaveLength(2);
    expect(srs.log()).toContain('"why":"the server stops"');
  });
});

withPeers('ffmpeg')('reload of dvr under a live stream (R19)', () => {
  test('off, on, another path: files come and go, the player loses no frame', async () => {
    const srs = await startSrs({ config: config('') });
    const url = srs.url('live', 's');
    pushFile(await clip({ seconds: 12, gop: 25 }), url);
    await until('it is recorded', () => files(srs).length === 1);
    const player = await record(url);
    const seen = () => times(player.media(), 'video').length;
    const on = async (count: number) => {
      const from = seen();
      await player.until('frames', () => seen() > from + count);
    };
    await on(30);
    const off = (text: string) => text.replace('dvr { enabled on', 'dvr { enabled off');
    expect(await reload(srs, off)).toContain('vhost __defaultVhost__ dvr enabled: on → off');
    await closed(srs, 1);
    await on(10);
    await reload(srs, (text) => text.replace('dvr { enabled off', 'dvr { enabled on'));
    await until('there is another', () => files(srs).length === 2);
    await reload(srs, (text) => text.replace(/(dvr_path \S+);/, '$1/moved/[stream].flv;'));
    await until('the next one is elsewhere', () => files(srs).some((file) => file.startsWith('moved/s.flv')), 20_000);
    await until('the former is closed', () => files(srs).filter(isClosed).length === 2);
    await on(10);
    const steps = times(player.media(), 'video').flatMap((time, i, all) => (i === 0 ? [] : [time - (all[i - 1] ?? 0)]));
    expect(steps.filter((step) => step < 0 || step > 79)).toEqual([]);
    for (const file of files(srs).filter(isClosed)) await wholeFile(pathOf(srs, file));
    await srs.stop();
  });

  test('dvr_apply: only what is on the list', async () => {
    const srs = await startSrs({ config: config('dvr_apply live/yes;') });
    for (const stream of ['no', 'yes']) {
      const client = await publish(srs.url('live', stream));
      await feed(client, { frames: 50 });
      client.close();
    }
    expect((await closed(srs, 1))[0]).toMatch(/^live\/yes\./);
    expect(srs.log().match(/"DVR started"/g)).toHaveLength(1);
    await srs.stop();
  });
});
