import { request } from 'node:http';
import { connect } from 'node:net';
import { assert, describe, onTestFinished, test } from 'vitest';
import WebSocket from 'ws';
import { apiOf } from '../support/api.js';
import { type LogLine, linesOf } from '../support/log-lines.js';
import { RawPeer } from '../support/raw-peer.js';
import { until } from '../support/run.js';
import { type Srs, startSrs } from '../support/srs.js';
import { publish } from '../support/streams.js';
import { feed } from '../support/synthetic.js';

const config = `
listen PORT;
pid DIR/srs.pid;
srs_log_tank console;
pithy_print_ms 300;
http_server { enabled on; listen HTTP_PORT; }
http_api { enabled on; listen 127.0.0.1:API_PORT; write_token secret; }
vhost __defaultVhost__ {
  http_remux { enabled on; mount [vhost]/[app]/[stream].flv; mount [vhost]/[app]/[stream].ts; }
  hls { enabled on; hls_fragment 1; }
}
`;

/** The header of an FLV file, and one tag of data that means nothing. */
const FLV = Buffer.from('464c5601050000000900000000' + '120000010000000000000005' + '0000000c', 'hex');

/** The lines with this text, without those of connections that said nothing: `startSrs` makes one. */
const of = (srs: Srs, msg: string): LogLine[] =>
  linesOf(srs.log()).filter((line) => line.msg === msg && !(msg === 'connection closed' && line.bytesIn === 0));

/** A player over HTTP that reads all it gets. */
function pull(srs: Srs, path: string): void {
  const socket = connect(srs.ports.HTTP_PORT ?? 0, '127.0.0.1').resume();
  socket.on('error', () => undefined).write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`);
  onTestFinished(() => void socket.destroy());
}

function webSocket(srs: Srs, path: string): WebSocket {
  const socket = new WebSocket(`ws://127.0.0.1:${srs.ports.HTTP_PORT}${path}`).on('error', () => undefined);
  onTestFinished(() => socket.terminate());
  return socket;
}

/** Somebody of every protocol. */
async function everybody(srs: Srs): Promise<void> {
  const encoder = await publish(srs.url('live', 'a'));
  onTestFinished(() => encoder.close());
  const fed = feed(encoder, { frames: 60, pace: 30, gop: 10 });
  const player = await RawPeer.playing(srs.port, 'a');
  onTestFinished(() => player.close());
  pull(srs, '/live/a.flv');
  pull(srs, '/live/a.ts');
  webSocket(srs, '/live/a.flv');
  const posted = request({ host: '127.0.0.1', port: srs.ports.HTTP_PORT, path: '/live/b.flv', method: 'POST' });
  posted.on('error', () => undefined).write(FLV);
  onTestFinished(() => void posted.destroy());
  const pushed = webSocket(srs, '/live/c.flv?publish');
  pushed.on('open', () => pushed.send(FLV));
  await until('HLS is there', async () => (await fetch(`http://127.0.0.1:${srs.ports.HTTP_PORT}/live/a.m3u8`)).ok);
  await fed;
  await until('all are there', () => of(srs, 'publish started').length === 3 && of(srs, 'play started').length === 5);
}

describe('a publish or play is two lines, whatever the client speaks', () => {
  test('who is kicked: a warning with its reason and code', async () => {
    const srs = await startSrs({ config });
    const ask = apiOf(srs.ports.API_PORT, 'Bearer secret');
    await everybody(srs);
    const started = [...of(srs, 'publish started'), ...of(srs, 'play started')];
    for (const { conn } of started) await ask(`/api/v1/clients/${conn}`, { method: 'DELETE' });
    const ended = await until('all have ended', () => {
      const lines = [...of(srs, 'publish ended'), ...of(srs, 'play ended')];
      return lines.length >= started.length && lines;
    });
    assert.sameMembers(
      started.map(({ protocol }) => protocol),
      ['rtmp', 'flv', 'flv', 'rtmp', 'flv', 'ts', 'ws-flv', 'hls'],
    );
    assert.sameMembers(
      ended.map(({ conn }) => conn),
      started.map(({ conn }) => conn),
    );
    for (const line of ended) {
      const names = 'level time pid conn peer protocol stream seconds bytesIn bytesOut code why msg';
      assert.deepEqual(Object.keys(line), names.split(' '));
      assert.deepInclude(line, { level: 40, code: 'KICKED', why: 'disconnected by the operator' });
      assert.match(String(line.peer), line.protocol === 'hls' ? /^127\.0\.0\.1$/ : /^127\.0\.0\.1:\d+$/);
      const bytes = line.msg === 'publish ended' ? line.bytesIn : line.bytesOut;
      assert.isAbove(Number(bytes), 20, JSON.stringify(line));
    }
    // The connections of RTMP tell their end, too, and not once more why.
    const closed = await until('they are closed', () => {
      const lines = of(srs, 'connection closed');
      return lines.length === 2 && lines;
    });
    assert.deepEqual(closed.map(({ level, was, code }) => [level, was, code]).sort(), [
      [30, 'play', undefined],
      [30, 'publish', undefined],
    ]);
    assert.lengthOf(
      linesOf(srs.log()).filter(({ code }) => code !== undefined),
      ended.length,
    );
  });

  test('who is there is counted in the summaries', async () => {
    const srs = await startSrs({ config });
    await everybody(srs);
    const [publishes, plays] = await until('everybody is counted', () => {
      const found = [of(srs, 'publish: 3 clients').at(-1), of(srs, 'play: 5 clients').at(-1)];
      return !found.includes(undefined) && found;
    });
    assert.deepInclude(publishes, { level: 30, stage: 'publish', clients: 3 });
    assert.deepInclude(plays, { level: 30, stage: 'play', clients: 5, drops: 0 });
  });

  test('who leaves: no warning, the command of RTMP as the reason, the bytes of this use only', async () => {
    const srs = await startSrs({ config });
    const peer = await RawPeer.connected(srs.port);
    peer.say('publish', 'a');
    await peer.said('onStatus NetStream.Publish.Start');
    peer.say('closeStream');
    const [first] = await until('it has ended', () => {
      const lines = of(srs, 'publish ended');
      return lines.length === 1 && lines;
    });
    assert.deepInclude(first, { level: 30, protocol: 'rtmp', stream: '__defaultVhost__/live/a', why: 'closeStream' });
    peer.say('publish', 'b');
    await until('it publishes again', () => of(srs, 'publish started').length === 2);
    peer.close();
    await until('the connection is gone', () => of(srs, 'connection closed').length === 1);
    const [, second] = of(srs, 'publish ended');
    assert.deepInclude(second, { level: 30, conn: first?.conn, stream: '__defaultVhost__/live/b' });
    assert.isBelow(Number(second?.bytesIn), Number(of(srs, 'connection closed')[0]?.bytesIn) / 2);
  });

  test('who has seen as much as it asked for: no warning, however long it takes to close its side', async () => {
    const srs = await startSrs({ config });
    const encoder = await publish(srs.url('live', 'a'));
    onTestFinished(() => encoder.close());
    const peer = await RawPeer.connected(srs.port);
    onTestFinished(() => peer.close());
    peer.socket.allowHalfOpen = true;
    peer.play('a', -1, 400);
    await feed(encoder, { frames: 60, pace: 20 });
    await until('its connection is closed', () => of(srs, 'connection closed').length === 1);
    const [line] = of(srs, 'play ended');
    assert.deepInclude(line, { level: 30, protocol: 'rtmp', why: 'the duration that was asked for is over' });
    assert.deepInclude(of(srs, 'connection closed')[0], { level: 30, was: 'play' });
  });

  test('a fault of the client is a warning with its code', async () => {
    const srs = await startSrs({ config });
    const garbage = webSocket(srs, '/live/c.flv?publish');
    garbage.on('open', () => garbage.send(Buffer.from('no FLV at all')));
    const [line] = await until('it has ended', () => {
      const lines = of(srs, 'publish ended');
      return lines.length === 1 && lines;
    });
    assert.deepInclude(line, { level: 40, protocol: 'flv', code: 'FLV_SYNTAX' });
  });
});

test('a refusal is one warning with its code, whatever the client speaks', async () => {
  const rules = 'security { enabled on; allow publish all; deny play all; } publish { policy reject; }';
  const srs = await startSrs({ config: config.replace('  hls {', `  ${rules}\n  hls {`) });
  const own = (path: string): string => `http://127.0.0.1:${srs.ports.HTTP_PORT}${path}`;
  const encoder = await publish(srs.url('live', 'a'));
  onTestFinished(() => encoder.close());
  await feed(encoder, { frames: 60, pace: 30, gop: 10 });
  await until('HLS says no', async () => (await fetch(own('/live/a.m3u8'))).status === 403);
  for (let n = 0; n < 5; n++) assert.equal((await fetch(own('/live/a.m3u8'))).status, 403);
  assert.equal((await fetch(own('/live/a.flv'))).status, 403);
  assert.equal((await fetch(own('/live/a.ts'))).status, 403);
  assert.equal((await fetch(own('/live/a.flv'), { method: 'POST', body: FLV })).status, 409);
  const refused = webSocket(srs, '/live/a.flv');
  await until('the WebSocket is refused', () => refused.readyState === WebSocket.CLOSED);
  for (const use of ['play', 'publish']) {
    const peer = await RawPeer.connected(srs.port);
    peer.say(use, 'a');
    await peer.gone();
  }
  const garbage = await fetch(own('/live/b.flv'), { method: 'POST', body: 'no FLV at all' });
  assert.equal(garbage.status, 400);

  const lines = await until('all are told', () => {
    const found = of(srs, 'client refused');
    return found.length >= 7 && found;
  });
  assert.sameMembers(
    lines.map(({ protocol, code }) => `${protocol} ${code}`),
    [
      ...['hls', 'flv', 'ts', 'ws-flv', 'rtmp'].map((protocol) => `${protocol} ADDRESS_DENIED`),
      ...['flv', 'rtmp'].map((protocol) => `${protocol} STREAM_BUSY`),
    ],
  );
  for (const line of lines) {
    assert.deepEqual(Object.keys(line), 'level time pid conn peer protocol stream code why msg'.split(' '));
    assert.deepInclude(line, { level: 40, stream: '__defaultVhost__/live/a' });
  }
  const closed = await until('the connections have ended', () => {
    const found = of(srs, 'connection closed');
    return found.length === 2 && found;
  });
  assert.deepEqual(
    closed.map(({ level, code }) => [level, code]),
    [
      [30, undefined],
      [30, undefined],
    ],
  );
});

test('a vhost that does not exist: one warning, and not once more at the end of the connection', async () => {
  const srs = await startSrs({ config: config.replace('__defaultVhost__', 'example.com') });
  const peer = await RawPeer.shaken(srs.port);
  peer.connect({ tcUrl: `rtmp://off.example.com:${srs.port}/live`, app: 'live' });
  await peer.gone();
  await until('it has ended', () => of(srs, 'connection closed').length === 1);
  const [line] = of(srs, 'client refused');
  assert.deepInclude(line, { level: 40, peer: peer.name, protocol: 'rtmp', code: 'VHOST_UNKNOWN' });
  assert.lengthOf(
    linesOf(srs.log()).filter(({ level }) => level > 30),
    1,
  );
});
