import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, assert, beforeEach, expect, onTestFinished, test } from 'vitest';
import { RtmpClient } from '../../src/link/index.js';
import { signedQuery } from '../../src/stream/index.js';
import { apiOf } from '../support/api.js';
import { decodeComplaints } from '../support/decode.js';
import { probe } from '../support/ffprobe.js';
import { freePort } from '../support/free-port.js';
import { say, startHooks } from '../support/hook-server.js';
import { clip } from '../support/media.js';
import { withPeers } from '../support/peers.js';
import { childrenOf, isAlive } from '../support/processes.js';
import { until } from '../support/run.js';
import { type Srs, startSrs } from '../support/srs.js';
import { neverBack, pushFile, type Recording, record, times } from '../support/streams.js';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'srs-transcode-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const HERE = 'rtmp://127.0.0.1:[port]/[app]?vhost=[vhost]/[stream]_[engine]';
const engine = (name: string, more: string, output = HERE) =>
  `engine ${name} { enabled on; output ${output}; ${more} }`;
const start = (vhost: string, root = '') =>
  startSrs({
    config: `listen PORT; pid DIR/srs.pid; srs_log_tank console; ff_log_dir ${dir}; ${root}
      vhost __defaultVhost__ { ${vhost} }`,
  });
const transcode = (engines: string, more = '') => `transcode { enabled on; ffmpeg ffmpeg; ${more} ${engines} }`;
const ffmpegs = (srs: Srs) => childrenOf(srs.pid).filter(({ command }) => / -progress pipe:3 /.test(command));
const API = 'http_api { enabled on; listen 127.0.0.1:API_PORT; }';
const one = (srs: Srs) => {
  const [first, ...others] = ffmpegs(srs);
  if (first === undefined || others.length > 0) throw new Error(`${others.length + 1} or no ffmpeg runs`);
  return first;
};
const SMALL = 'vcodec libx264; vwidth 160; vheight 90; vpreset ultrafast; vparams { g 25; } acodec an;';
/** ffmpeg needs seconds to begin where the machine has other work. */
const PATIENCE = 30_000;

const failures = (srs: Srs) =>
  srs
    .log()
    .split('\n')
    .filter((line) => line.includes('"program failed"'))
    .map((line) => JSON.parse(line) as { level: number; why: string; said: string[]; engine: string });

withPeers('ffmpeg')('ffmpeg and a server with rules for everybody else', () => {
  test('comes in where no outsider does; its result is told to the hooks', { timeout: 90_000 }, async () => {
    const hooks = await startHooks({ on_play: say('1'), '*': say('0') });
    const secret = 'a-secret-of-the-operator';
    // One connection may be there: the encoder's. Nobody may play; publishing needs a signature.
    const rules = `security { enabled on; allow publish 127.0.0.1; deny play all; }
      refer { enabled on; play trusted.example.com; }
      sign { publish on; play on; secret ${secret}; }
      play { max_viewers 1; } http_hooks { enabled on; on_publish ${hooks.url}; on_play ${hooks.url}; on_connect ${hooks.url}; }`;
    const srs = await start(`${rules} ${transcode(engine('small', SMALL))}`, 'max_connections 1;');
    const expire = Math.floor(Date.now() / 1000) + 300;
    const signed = { vhost: '__defaultVhost__', app: 'live', stream: 's', use: 'publish', expire } as const;
    pushFile(await clip(), `${srs.url('live', 's')}?${signedQuery(secret, signed)}`);
    await until('the result is published', () => srs.log().includes('live/s_small","style"'), PATIENCE);
    expect(failures(srs)).toEqual([]);

    const published = hooks.of('on_publish').map(({ body }) => `${body.stream} ${body.ip} ${body.tcUrl}`);
    expect(published).toEqual([
      `s 127.0.0.1 rtmp://127.0.0.1:${srs.port}/live`,
      `s_small 127.0.0.1 rtmp://127.0.0.1:${srs.port}/live?vhost=__defaultVhost__`,
    ]);
    expect(hooks.of('on_play')).toEqual([]);
    expect(hooks.calls.map(({ text }) => text).join()).not.toContain('srs_pass');

    // The port and the pass of ffmpeg, as others on this machine may see them.
    const { command } = one(srs);
    const port = /-i rtmp:\/\/127\.0\.0\.1:(\d+)\//.exec(command)?.[1];
    const [, pass = ''] = /srs_pass=([0-9a-f]{32})/.exec(command) ?? [];
    expect(pass).toHaveLength(32);
    const door = (query: string, stream: string) =>
      `rtmp://127.0.0.1:${port}/live?vhost=__defaultVhost__${query}/${stream}`;
    // The server's own port takes no pass, and is full.
    await expect(record(`rtmp://127.0.0.1:${srs.port}/live?srs_pass=${pass}/s`)).rejects.toThrow();
    for (const [query, stream] of [
      ['', 's'],
      [`&srs_pass=${'0'.repeat(32)}`, 's'],
      [`&srs_pass=${pass}`, 's_small'],
    ] as const)
      await expect(record(door(query, stream))).rejects.toThrow(/only programs of this server/);
    const publisher = await RtmpClient.connect(door(`&srs_pass=${pass}`, 's'));
    await expect(publisher.publish()).rejects.toThrow(/only programs of this server/);
    // Who only holds connections there does not keep ffmpeg out.
    let closed = 0;
    const idle = Array.from({ length: 20 }, () =>
      connect(Number(port), '127.0.0.1')
        .on('error', () => undefined)
        .on('close', () => closed++),
    );
    await until('most of them are closed', () => closed >= 15);

    // The pass is worth nothing when its ffmpeg is gone.
    process.kill(one(srs).pid, 'SIGKILL');
    await until('another one runs', () => ffmpegs(srs).some((one) => !one.command.includes(pass)), PATIENCE);
    await expect(record(door(`&srs_pass=${pass}`, 's'))).rejects.toThrow(/only programs of this server/);
    await until('it publishes again', () => hooks.of('on_publish').length >= 3, PATIENCE);
    for (const socket of idle) socket.destroy();
    expect(srs.log()).not.toContain(pass);
  });
});

withPeers('ffmpeg')('what goes wrong with ffmpeg does not touch the stream', () => {
  test('a missing program, encoder, option, library or destination: each in its own words, once', {
    timeout: 90_000,
  }, async () => {
    const nobody = `rtmp://127.0.0.1:${await freePort()}/live/secret-key-of-mine`;
    const engines = [
      engine('encoder', 'vcodec libnope; acodec copy;'),
      engine('option', 'vcodec libx264; vpreset ultrafast; vparams { nope 1; } acodec copy;'),
      engine('value', 'vcodec libx264; vpreset nope; acodec copy;'),
      engine('filter', 'vcodec libx264; vpreset ultrafast; vfilter { vf nope=1; } acodec copy;'),
      engine('logo', 'vcodec libx264; vfilter { i /nowhere/logo.png; filter_complex overlay; } acodec copy;'),
      engine('nobody', 'vcodec copy; acodec copy;', nobody),
      engine('file', 'vcodec copy; acodec copy;', '/nowhere/[stream].flv'),
    ].join('\n');
    const missing = `transcode live { enabled on; ffmpeg /nowhere/ffmpeg; ${engine('missing', 'vcodec copy; acodec copy;')} }`;
    const script = join(dir, 'script');
    writeFileSync(script, '#!/nowhere/sh\n', { mode: 0o755 });
    const broken = `transcode live/s { enabled on; ffmpeg ${script}; ${engine('broken', 'vcodec copy; acodec copy;')} }`;
    const srs = await start(`${transcode(engines)} ${missing} ${broken}`);
    pushFile(await clip(), srs.url('live', 's'));
    await until('the stream is live', () => srs.log().includes('live/s","style"'));
    const player = await record(srs.url('live', 's'));
    const names = ['encoder', 'option', 'value', 'filter', 'logo', 'nobody', 'file', 'missing', 'broken'];
    const counts = () => names.map((name) => failures(srs).filter((one) => one.engine === name).length);
    await until(`all have failed: ${counts()}`, () => counts().every((count) => count > 0), PATIENCE);
    const said = Object.fromEntries(failures(srs).map((one) => [one.engine, [one.why, ...one.said].join('\n')]));
    expect(said.encoder).toContain("Unknown encoder 'libnope'");
    expect(said.option).toMatch(/nope/);
    expect(said.value).toContain('[error] Error setting preset/tune nope/(null)');
    expect(said.filter).toContain("No such filter: 'nope'");
    expect(said.logo).toContain('/nowhere/logo.png: No such file or directory');
    expect(said.nobody).toContain('Connection refused');
    expect(said.file).toContain('No such file or directory');
    expect(said.missing).toBe('cannot run /nowhere/ffmpeg: no such file');
    expect(said.broken).toMatch(/setpriv: failed to execute|ENOENT/);
    expect(srs.log()).not.toContain('secret-key-of-mine');

    // Tried again, not told again.
    const log = join(dir, 'ffmpeg-encoder-__defaultVhost__-live-s-encoder.log');
    await until('the encoder is missed again', () => readFileSync(log, 'utf8').split('params:').length > 2, PATIENCE);
    expect(failures(srs).filter((one) => one.engine === 'encoder')).toHaveLength(1);
    const seen = times(player.messages, 'video').length;
    await player.until('the stream goes on', (all) => times(all, 'video').length > seen + 25);
    expect(times(player.media(), 'video').every((time, i, all) => i === 0 || time - (all[i - 1] ?? 0) <= 41)).toBe(
      true,
    );
  });

  test('killed, hung and unheard it is replaced, and viewers of the result stay', { timeout: 150_000 }, async () => {
    // It takes the connection and never says a word.
    const deaf = createServer(() => undefined);
    const deafPort = await freePort();
    await new Promise<void>((resolve) => deaf.listen(deafPort, '127.0.0.1', resolve));
    onTestFinished(() => void deaf.close());
    const copy = engine('deaf', 'vcodec copy; acodec copy;', `rtmp://127.0.0.1:${deafPort}/live/x`);
    // Long enough for a start beside other work.
    const engines = transcode(`${engine('small', SMALL)} ${copy}`, 'stall_timeout 8;');
    const srs = await start(`publish { grace 60; } ${engines}`, API);
    const small = () => ffmpegs(srs).filter(({ command }) => command.includes('s_small'));
    const failed = (name: string) => failures(srs).findLast((failure) => failure.engine === name)?.why;
    const ask = apiOf(srs.ports.API_PORT);
    const state = async () => {
      const { body } = await ask('/api/v1/streams');
      return body.streams.find(({ name }) => name === 's')?.transcodes.find((shown) => shown.engine === 'small');
    };
    pushFile(await clip(), srs.url('live', 's'));
    await until('the result is published', () => srs.log().includes('live/s_small","style"'), PATIENCE);
    const player = await record(srs.url('live', 's_small'));
    const more = async (): Promise<void> => {
      const seen = times(player.messages, 'video').length;
      await player.until('the result goes on', (all) => times(all, 'video').length > seen + 25, PATIENCE);
    };
    await more();
    const [first = assert.fail('none runs')] = small();
    process.kill(first.pid, 'SIGKILL');
    await until('another one runs', () => small().some(({ pid }) => pid !== first.pid), PATIENCE);
    await more();
    expect(failed('small')).toBe('it was ended by SIGKILL');
    const restarted = await until('the API shows it', async () => {
      const now = await state();
      return now?.state === 'running' && now.fps > 0 && now.alive > 0 && now;
    });
    expect(restarted).toMatchObject({
      scope: '',
      engine: 'small',
      output: '__defaultVhost__/live/s_small',
      pid: small()[0]?.pid,
      restarts: 1,
      last_error: 'it was ended by SIGKILL',
    });
    const metrics = await fetch(`http://127.0.0.1:${srs.ports.API_PORT}/metrics`);
    expect(await metrics.text()).toMatch(/^srs_programs_running [12]$/m);
    expect(restarted.out_ms).toBeGreaterThan(0);

    const source = await record(srs.url('live', 's'));
    const [second = assert.fail('none runs')] = small();
    process.kill(second.pid, 'SIGSTOP');
    await until('it is taken for hung', () => failed('small') === 'no progress for 8000 ms', PATIENCE);
    await until('another one runs', () => small().some(({ pid }) => pid !== second.pid), PATIENCE);
    expect(isAlive(second.pid)).toBe(false);
    await more();
    expect(player.closed()).toBe(false);
    expect(neverBack(times(player.media(), 'video'))).toBe(true);
    const steps = times(source.media(), 'video').map((time, i, all) => time - (all[i - 1] ?? time));
    expect(steps.length, 'the source meanwhile').toBeGreaterThan(200);
    expect(steps.filter((step) => step < 0 || step > 79)).toEqual([]);
    expect(failed('deaf')).toBe('no progress for 8000 ms');
    await srs.kill9();
    await until('ffmpeg is gone with the server', () => ffmpegs(srs).length === 0, 5000);
  });
});

withPeers('ffmpeg')('an encoder that comes back', () => {
  test('meets the same ffmpeg, with other codecs a new one; viewers of the result stay', {
    timeout: 120_000,
  }, async () => {
    const encoded = 'vcodec libx264; vwidth 160; vheight 90; vpreset ultrafast; vparams { g 25; } acodec aac;';
    const srs = await start(`publish { grace 30; } ${transcode(engine('small', encoded))}`);
    const first = pushFile(await clip(), srs.url('live', 's'));
    await until('the result is published', () => srs.log().includes('live/s_small","style"'), PATIENCE);
    const player = await record(srs.url('live', 's_small'));
    const more = async (): Promise<void> => {
      const seen = [times(player.messages, 'video').length, times(player.messages, 'audio').length] as const;
      const goesOn = (all: Readonly<Recording['messages']>) =>
        times(all, 'video').length > seen[0] + 50 && times(all, 'audio').length > seen[1] + 50;
      await player.until('the result goes on', goesOn, PATIENCE);
    };
    await more();
    const { pid } = one(srs);

    // B-frames, so another configuration of the same codec: ffmpeg takes that as it goes.
    const second = await clip({ bFrames: 2 });
    await first.stop();
    const back = pushFile(second, srs.url('live', 's'));
    await more();
    expect(one(srs).pid).toBe(pid);

    const other = await clip({ video: 'flv1', audio: 'mp3' });
    await back.stop();
    pushFile(other, srs.url('live', 's'));
    await until('another one runs', () => ffmpegs(srs).some((next) => next.pid !== pid), PATIENCE);
    await more();
    expect(srs.log()).toContain('the publisher came back with other codecs');
    expect(failures(srs)).toEqual([]);
    expect(player.closed()).toBe(false);
    for (const kind of ['video', 'audio'] as const) expect(neverBack(times(player.media(), kind))).toBe(true);
    expect(await decodeComplaints(srs.url('live', 's_small'), 2)).toEqual([]);
  });
});

withPeers('ffmpeg')('a result is not transcoded again', () => {
  test('neither when it comes back by the own port nor through another one', { timeout: 90_000 }, async () => {
    let srs: Srs | undefined;
    // What a load balancer or another host name would be: this server does not know it for its own.
    const relay = createServer((socket) => {
      const inner = connect(srs?.port ?? 0, '127.0.0.1');
      socket.pipe(inner).pipe(socket);
      for (const one of [socket, inner])
        one.on('error', () => undefined).on('close', () => [socket, inner].map((half) => half.destroy()));
    });
    const port = await freePort();
    await new Promise<void>((resolve) => relay.listen(port, '127.0.0.1', resolve));
    try {
      const copy = 'vcodec copy; acodec copy;';
      const engines = `${engine('own', copy)} ${engine('far', copy, `rtmp://127.0.0.1:${port}/[app]/[stream]_[engine]`)}`;
      srs = await start(transcode(engines));
      pushFile(await clip(), srs.url('live', 's'));
      const log = srs.log;
      for (const name of ['own', 'far'])
        await until(`${name} is published`, () => log().includes(`live/s_${name}","style"`), PATIENCE);
      const { streams } = await probe(srs.url('live', 's_far'), 2);
      expect(streams).toEqual(expect.arrayContaining(['video:h264', 'audio:aac']));
      expect(ffmpegs(srs)).toHaveLength(2);
      expect(log().split('not transcoded: it is a result of transcoding')).toHaveLength(3);
    } finally {
      relay.close();
      await srs?.stop();
    }
  });
});
