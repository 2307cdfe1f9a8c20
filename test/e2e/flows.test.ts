import { beforeAll, describe, expect, test } from 'vitest';
import type { MediaMessage } from '../../src/link/index.js';
import { AmfObject, type AmfValue, decodeAmf0All, encodeAmf0 } from '../../src/protocol/amf/index.js';
import { command, data, encodeChunks, MessageType, parseMessage } from '../../src/protocol/rtmp/index.js';
import { RawPeer } from '../support/raw-peer.js';
import { until } from '../support/run.js';
import { type Srs, startSrs } from '../support/srs.js';
import { pause, publish, record, times } from '../support/streams.js';
import { feed, tag } from '../support/synthetic.js';

let srs: Srs;
let n = 0;
const config = `
listen PORT;
pid DIR/srs.pid;
srs_log_tank console;
vhost __defaultVhost__ { }
vhost other.example { chunk_size 4096; }
vhost off.example { enabled off; }
`;

beforeAll(async () => {
  srs = await startSrs({ config });
});

const fresh = (): string => `flow${n++}`;
const urlOf = (stream: string): string => srs.url('live', stream);
const videoTimes = (peer: RawPeer): number[] =>
  peer.messages.filter((m) => m.type === MessageType.video && m.payload[1] !== 0).map((m) => m.timestamp);
const audioTimes = (peer: RawPeer): number[] =>
  peer.messages.filter((m) => m.type === MessageType.audio && m.payload[1] !== 0).map((m) => m.timestamp);
const range = (from: number, to: number, step = 40): number[] =>
  Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, i) => from + i * step);

describe('connect (spec/rtmp.md §5)', () => {
  test('a client of Enhanced RTMP hears that every codec and multitrack are passed on, another does not', async () => {
    const told = async (more: Readonly<Record<string, AmfValue>>): Promise<AmfObject> => {
      const peer = await RawPeer.shaken(srs.port);
      peer.connect({ tcUrl: `rtmp://127.0.0.1:${srs.port}/live`, app: 'live', ...more });
      await peer.said('_result NetConnection.Connect.Success');
      peer.close();
      return peer.info('_result NetConnection.Connect.Success');
    };
    for (const said of [{ fourCcList: ['hvc1'] }, { capsEx: 2 }, { videoFourCcInfoMap: AmfObject.of({ av01: 6 }) }]) {
      const info = await told(said);
      expect(info.get('fourCcList')).toEqual(['*']);
      for (const kind of ['video', 'audio'])
        expect(Object.fromEntries(info.get(`${kind}FourCcInfoMap`) as AmfObject)).toEqual({ '*': 4 });
      expect(info.get('capsEx')).toBe(2 + 4 + 8);
    }
    for (const name of ['fourCcList', 'capsEx', 'videoFourCcInfoMap']) expect((await told({})).has(name)).toBe(false);
  });

  test('the answers come in order, with the server’s identity', async () => {
    const peer = await RawPeer.shaken(srs.port);
    peer.connect({ tcUrl: `rtmp://127.0.0.1:${srs.port}/live`, app: 'live', objectEncoding: 3 });
    await peer.said('onBWDone');
    expect(peer.story).toEqual([
      'windowAckSize 2500000',
      'setPeerBandwidth 2500000',
      'setChunkSize 60000',
      '_result NetConnection.Connect.Success',
      'onBWDone',
    ]);
    expect(peer.messages[1]?.payload[4]).toBe(2);
    expect(peer.messages.every((m) => m.streamId === 0)).toBe(true);

    const answer = parseMessage(peer.messages[3] as never);
    if (answer.kind !== 'command') throw new Error(answer.kind);
    expect(answer.transactionId).toBe(1);
    const [properties, info] = answer.args as [AmfObject, AmfObject];
    expect(Object.fromEntries(properties)).toEqual({ fmsVer: 'FMS/3,5,3,888', capabilities: 127, mode: 1 });
    expect(info.get('level')).toBe('status');
    expect(info.get('objectEncoding')).toBe(3);
    const told = info.get('data') as AmfObject;
    expect(told.ecma).toBe(true);
    expect(Object.fromEntries(told)).toMatchObject({
      version: '3,5,3,888',
      srs_sig: 'SRS',
      srs_server: expect.stringMatching(/^SRS\/\d/),
      srs_license: expect.any(String),
      srs_role: 'origin/edge server',
      srs_url: expect.any(String),
      srs_version: expect.stringMatching(/^\d+\.\d+/),
      srs_authors: expect.any(String),
      srs_server_ip: '127.0.0.1',
      srs_pid: srs.pid,
      srs_id: expect.stringMatching(/./),
    });
    peer.close();
  });

  test('as AMF3 command, type 17, also with real AMF3 values', async () => {
    const peer = await RawPeer.shaken(srs.port);
    const tcUrl = `rtmp://127.0.0.1:${srs.port}/live`;
    // The properties switch to AMF3 (marker 0x11): a dynamic anonymous object with the string property tcUrl.
    const u29 = (length: number): number[] => [(length >> 7) | 0x80, length & 0x7f];
    const string = (text: string): Buffer =>
      Buffer.concat([Buffer.from(u29((text.length << 1) | 1)), Buffer.from(text)]);
    const object = Buffer.concat([
      Buffer.of(0x11, 0x0a, 0x0b, 0x01),
      string('tcUrl'),
      Buffer.of(0x06),
      string(tcUrl),
      string('objectEncoding'),
      Buffer.of(0x04, 0x03, 0x01),
    ]);
    const payload = Buffer.concat([Buffer.of(0), encodeAmf0('connect', 1), object]);
    peer.send({ csid: 3, type: MessageType.commandAmf3, streamId: 0, timestamp: 0, payload });
    await peer.said('_result NetConnection.Connect.Success');
    expect(peer.info('_result NetConnection.Connect.Success').get('objectEncoding')).toBe(3);

    const call = (name: string, ...args: AmfValue[]): void =>
      peer.send({
        csid: 3,
        type: MessageType.commandAmf3,
        streamId: 1,
        timestamp: 0,
        payload: Buffer.concat([Buffer.of(0), encodeAmf0(name, ...args)]),
      });
    call('createStream', 2, null);
    call('play', 3, null, fresh());
    await peer.said('_result', 'onStatus NetStream.Play.Start');
    peer.close();
  });

  test('what comes before it is ignored, a transaction id other than 1 answered in kind', async () => {
    const peer = await RawPeer.shaken(srs.port);
    for (const early of ['createStream', 'publish', 'play', 'FCPublish']) peer.call(early, 'nobody');
    peer.send(data(['@setDataFrame', 'onMetaData', new AmfObject()], { streamId: 1 }));
    peer.connect({ tcUrl: `rtmp://127.0.0.1:${srs.port}/live` });
    await peer.said('onBWDone');
    expect(peer.story.filter((s) => s.startsWith('_'))).toEqual(['_result NetConnection.Connect.Success']);
    const answer = parseMessage(peer.messages.find((m) => m.type === MessageType.commandAmf0) as never);
    expect(answer).toMatchObject({ kind: 'command', name: '_result', transactionId: 5 });
    peer.close();
  });

  test.each([
    ['app alone', { app: 'live' }],
    ['a tcUrl without the app', { app: 'live', tcUrl: 'rtmp://127.0.0.1' }],
    ['a tcUrl without a schema', { app: 'live', tcUrl: '127.0.0.1/live' }],
  ])('%s is enough', async (_, properties) => {
    const stream = fresh();
    const peer = await RawPeer.shaken(srs.port);
    peer.connect(properties);
    peer.call('createStream');
    peer.play(stream);
    await peer.said('onStatus NetStream.Play.Start');
    const publisher = await publish(urlOf(stream));
    await feed(publisher, { frames: 2 });
    await expect.poll(() => videoTimes(peer).length).toBeGreaterThan(0);
    publisher.close();
    peer.close();
  });

  test.each([
    ['neither tcUrl nor app', {}],
    ['a tcUrl without an app', { tcUrl: 'rtmp://127.0.0.1/' }],
    ['a tcUrl without a schema', { tcUrl: '127.0.0.1/live' }],
    ['a tcUrl that is no text', { tcUrl: 5 }],
    ['an app that climbs', { tcUrl: 'rtmp://127.0.0.1/live/../../etc' }],
  ])('%s: _error in words, then the end', async (_, properties) => {
    const peer = await RawPeer.shaken(srs.port);
    peer.connect(properties);
    await peer.said('_error NetConnection.Connect.Rejected');
    expect(peer.info('_error NetConnection.Connect.Rejected').get('level')).toBe('error');
    expect(String(peer.info('_error NetConnection.Connect.Rejected').get('description'))).toMatch(/\w+ \w+/);
    await peer.gone();
  });
});

describe('vhosts (spec/rtmp.md §4)', () => {
  /** The key under which the server has a stream, from its log. */
  const keyOf = (stream: string): Promise<string> =>
    until('the play is logged', () => new RegExp(`"stream":"([^"]*/${stream})"`).exec(srs.log())?.[1]);

  test.each<[string, (s: string) => { host?: string; app?: string; stream: string }, string]>([
    ['an address is the default vhost', (stream) => ({ stream }), '__defaultVhost__/live'],
    ['the host names it', (stream) => ({ host: 'other.example', stream }), 'other.example/live'],
    [
      '?vhost= in the app wins over the host',
      (stream) => ({ app: 'live?vhost=other.example', stream }),
      'other.example/live',
    ],
    ['FMLE’s spelling', (stream) => ({ app: 'live...vhost...other.example', stream }), 'other.example/live'],
    [
      '?vhost= of the stream wins over the app’s',
      (stream) => ({ app: 'live?vhost=elsewhere.example', stream: `${stream}?vhost=other.example` }),
      'other.example/live',
    ],
    ['_definst_ is no part of the app', (stream) => ({ app: 'live/_definst_', stream }), '__defaultVhost__/live'],
    ['an app of several parts', (stream) => ({ app: 'live/room1', stream }), '__defaultVhost__/live/room1'],
  ])('%s', async (_, names, key) => {
    const stream = fresh();
    const { app = 'live', host, stream: asked } = names(stream);
    const peer = await RawPeer.connected(srs.port, app, host);
    peer.call('createStream');
    peer.play(asked);
    await peer.said('onStatus NetStream.Play.Start');
    expect(await keyOf(stream)).toBe(`${key}/${stream}`);
    // The vhost's own chunk size holds from here on.
    if (key.startsWith('other')) expect(peer.story).toContain('setChunkSize 4096');
    peer.close();
  });

  test('publisher and player meet whatever way they name the vhost', async () => {
    const stream = fresh();
    const publisher = await publish(`${urlOf(stream)}?vhost=other.example`);
    const player = await record(`rtmp://127.0.0.1:${srs.port}/live?vhost=other.example/${stream}`);
    const stranger = await record(urlOf(stream));
    await feed(publisher, { frames: 5 });
    await player.until('frames', () => times(player.media(), 'video').length === 5);
    expect(stranger.media()).toEqual([]);
    for (const client of [publisher, player.client, stranger.client]) client.close();
  });

  test('a disabled vhost is rejected like an unknown one', async () => {
    const peer = await RawPeer.shaken(srs.port);
    peer.connect({ tcUrl: 'rtmp://off.example/live' });
    await peer.said('_error NetConnection.Connect.Rejected');
    await peer.gone();
  });

  test('without a default vhost an unknown one is rejected in words, and a stream’s own likewise', async () => {
    const only = 'listen PORT; pid DIR/srs.pid; srs_log_tank console; vhost only.example { }';
    const strict = await startSrs({ config: only });
    const peer = await RawPeer.shaken(strict.port);
    peer.connect({ tcUrl: `rtmp://127.0.0.1:${strict.port}/live` });
    await peer.said('_error NetConnection.Connect.Rejected');
    expect(peer.info('_error NetConnection.Connect.Rejected').get('description')).toMatch(/vhost 127\.0\.0\.1/);
    await peer.gone();

    const welcome = await RawPeer.connected(strict.port, 'live', 'only.example');
    welcome.call('createStream');
    welcome.play('s?vhost=nowhere.example');
    await welcome.said('onStatus NetStream.Play.StreamNotFound');
    await welcome.gone();
    expect((await strict.stop()).code).toBe(0);
  });
});

describe('play (spec/rtmp.md §7.1, §7.2)', () => {
  test('its messages come in exactly this order', async () => {
    const stream = fresh();
    const publisher = await publish(urlOf(stream));
    publisher.sendMetadata({ width: 640 });
    await feed(publisher, { frames: 2 });
    const peer = await RawPeer.connected(srs.port);
    const from = peer.messages.length;
    peer.call('createStream');
    peer.play(stream, -2000, -1, true);
    await peer.heard(from, 'audio', 'audio');
    expect(peer.story.slice(peer.story.indexOf('onBWDone') + 1)).toEqual([
      '_result',
      'streamBegin 1',
      'onStatus NetStream.Play.Reset',
      'onStatus NetStream.Play.Start',
      '|RtmpSampleAccess',
      'onStatus NetStream.Data.Start',
      'onMetaData',
      'audio config',
      'video config',
      'video key',
      'audio',
      'video',
      'audio',
    ]);
    const answers = peer.messages.slice(from);
    const created = parseMessage(answers.find((m) => m.type === MessageType.commandAmf0) as never);
    expect(created).toMatchObject({ name: '_result', args: [null, 1] });
    const access = answers.find((m) => m.type === MessageType.dataAmf0);
    expect(decodeAmf0All(access?.payload as never)).toEqual(['|RtmpSampleAccess', true, true]);
    const begin = answers.findIndex((m) => m.type === MessageType.userControl);
    expect(answers[begin]?.streamId).toBe(0);
    expect(answers.slice(begin + 1).every((m) => m.streamId === 1)).toBe(true);
    const start = peer.info('onStatus NetStream.Play.Start');
    expect(Object.fromEntries(start)).toEqual({
      level: 'status',
      code: 'NetStream.Play.Start',
      description: 'Started playing stream.',
      details: 'stream',
      clientid: expect.any(String),
    });
    publisher.close();
    peer.close();
  });

  test('a stream that nobody publishes yet: the player waits and gets all from the first frame', async () => {
    const stream = fresh();
    const peer = await RawPeer.playing(srs.port, stream);
    await pause(100);
    const publisher = await publish(urlOf(stream));
    await feed(publisher, { frames: 5 });
    await until('frames', () => videoTimes(peer).length === 5);
    expect(videoTimes(peer)).toEqual(range(0, 160));
    publisher.close();
    peer.close();
  });

  test('play without createStream, as librtmp may', async () => {
    const stream = fresh();
    const publisher = await publish(urlOf(stream));
    await feed(publisher, { frames: 3 });
    const peer = await RawPeer.connected(srs.port);
    peer.play(stream);
    await until('frames', () => videoTimes(peer).length === 3);
    publisher.close();
    peer.close();
  });

  test('pause and unpause: statuses, events, and the stream goes on from where it was', async () => {
    const stream = fresh();
    const publisher = await publish(urlOf(stream));
    const peer = await RawPeer.playing(srs.port, stream);
    await feed(publisher, { frames: 10 });
    await until('frames', () => videoTimes(peer).length === 10);
    let at = peer.messages.length;
    peer.say('pause', true, 400);
    at = await peer.heard(at, 'onStatus NetStream.Pause.Notify', 'streamEof 1');
    await feed(publisher, { start: 400, frames: 10 });
    await pause(200);
    expect(peer.messages.slice(at)).toEqual([]);
    peer.say('pause', false, 400);
    await peer.heard(at, 'onStatus NetStream.Unpause.Notify', 'streamBegin 1', 'video');
    await feed(publisher, { start: 800, frames: 5 });
    await until('the rest', () => videoTimes(peer).length >= 25);
    expect(videoTimes(peer)).toEqual(range(0, 24 * 40));
    expect(audioTimes(peer)).toEqual(range(5, 24 * 40 + 5));
    publisher.close();
    peer.close();
  });

  test('pause before anything is published, twice over, and unpause', async () => {
    const stream = fresh();
    const peer = await RawPeer.playing(srs.port, stream);
    peer.say('pause', true, 0);
    peer.say('pause', true, 0);
    await peer.said('onStatus NetStream.Pause.Notify', 'onStatus NetStream.Pause.Notify');
    const publisher = await publish(urlOf(stream));
    await feed(publisher, { frames: 10 });
    await pause(100);
    expect(videoTimes(peer)).toEqual([]);
    peer.say('pause', false, 0);
    peer.say('pause', false, 0);
    await until('frames', () => videoTimes(peer).length === 10);
    expect(videoTimes(peer)[0]).toBe(0);
    publisher.close();
    peer.close();
  });

  test.each([
    ['closeStream', []],
    ['deleteStream', ['_result']],
  ])('%s ends the play, after it come its answer and pings; the connection plays again', async (name, answer) => {
    const [one, two] = [fresh(), fresh()];
    const first = await publish(urlOf(one));
    const second = await publish(urlOf(two));
    const peer = await RawPeer.playing(srs.port, one);
    await feed(first, { frames: 3 });
    await feed(second, { frames: 3 });
    await until('frames', () => audioTimes(peer).length === 3);
    const end = peer.messages.length;
    if (name === 'closeStream') peer.say(name);
    else peer.say(name, 1);
    await peer.handled();
    await feed(first, { start: 200, frames: 3 });
    const isPing = (said: string): boolean => said.startsWith('pingRequest');
    await until('a ping, for who sleeps in a read', () => peer.story.slice(end).some(isPing));
    const rest = peer.story.slice(end).filter((said) => !isPing(said));
    expect(rest).toEqual([...answer, expect.stringMatching(/^pingResponse/)]);
    for (const stream of [one, two]) {
      const from = peer.messages.length;
      peer.call('createStream');
      peer.play(stream);
      const media = ['audio config', 'video config', 'video key', 'audio'];
      await peer.heard(from, '_result', 'streamBegin 1', 'onStatus NetStream.Play.Start', ...media);
      peer.say('closeStream');
    }
    expect(peer.closed).toBe(false);
    for (const client of [first, second, peer]) client.close();
  });

  test('seek: answered, and the play goes on where it is', async () => {
    const stream = fresh();
    const publisher = await publish(urlOf(stream));
    const peer = await RawPeer.playing(srs.port, stream);
    await feed(publisher, { frames: 3 });
    await until('frames', () => videoTimes(peer).length === 3);
    const from = peer.messages.length;
    peer.say('seek', 1000);
    await peer.heard(from, '_result', 'onStatus NetStream.Seek.Notify');
    await feed(publisher, { start: 120, frames: 3 });
    await until('more frames', () => videoTimes(peer).length === 6);
    expect(videoTimes(peer)).toEqual(range(0, 200));
    for (const client of [publisher, peer]) client.close();
  });

  test('receiveVideo(false): only audio; receiveVideo(true): on from the next key frame', async () => {
    const stream = fresh();
    const publisher = await publish(urlOf(stream));
    const player = await RawPeer.playing(srs.port, stream);
    const steady = await record(urlOf(stream));
    await feed(publisher, { frames: 10 });
    await until('frames', () => audioTimes(player).length === 10);
    player.say('receiveVideo', false);
    await player.handled();
    await feed(publisher, { start: 400, frames: 15 }); // begins with a key frame, which is not for this player
    await until('audio', () => audioTimes(player).length === 25);
    expect(videoTimes(player)).toEqual(range(0, 360));
    player.say('receiveVideo', true);
    await player.handled();
    for (let t = 1000; t < 1200; t += 40) publisher.send(tag.inter(t));
    publisher.send(tag.audio(1201));
    await until('audio', () => audioTimes(player).includes(1201));
    expect(videoTimes(player)).toEqual(range(0, 360));
    await feed(publisher, { start: 1240, frames: 10 });
    await until('video again', () => videoTimes(player).length === 20);
    expect(videoTimes(player)).toEqual([...range(0, 360), ...range(1240, 1600)]);
    await steady.until('all of it', () => times(steady.media(), 'video').length === 40);
    for (const client of [publisher, player, steady.client]) client.close();
  });

  test('receiveAudio(false): only video, and audio comes back', async () => {
    const stream = fresh();
    const publisher = await publish(urlOf(stream));
    const player = await RawPeer.playing(srs.port, stream);
    await feed(publisher, { frames: 10 });
    await until('frames', () => audioTimes(player).length === 10);
    player.say('receiveAudio', false);
    await player.handled();
    await feed(publisher, { start: 400, frames: 10 });
    await until('video', () => videoTimes(player).length === 20);
    expect(audioTimes(player)).toEqual(range(5, 365));
    player.say('receiveAudio', true);
    await player.handled();
    await feed(publisher, { start: 800, frames: 10 });
    await until('audio again', () => audioTimes(player).length === 20);
    expect(audioTimes(player)).toEqual([...range(5, 365), ...range(805, 1165)]);
    expect(videoTimes(player)).toEqual(range(0, 1160));
    publisher.close();
    player.close();
  });

  test('calls that it does not know are answered, and the stream goes on', async () => {
    const stream = fresh();
    const publisher = await publish(urlOf(stream));
    const peer = await RawPeer.playing(srs.port, stream);
    const at = peer.messages.length;
    const id = peer.say('seek', 5000);
    await peer.heard(at, '_result');
    expect(parseMessage(peer.messages[at] as never)).toMatchObject({ transactionId: id, args: [null, null] });
    for (const name of ['play', 'publish', 'FCPublish', 'FCSubscribe', 'onStatus']) peer.say(name, 'x');
    peer.send(command('getStreamLength', 0, [null, 'x']));
    const created = peer.call('createStream');
    const after = await peer.heard(at + 1, '_result');
    expect(parseMessage(peer.messages[after - 1] as never)).toMatchObject({ transactionId: created, args: [null, 1] });
    await feed(publisher, { frames: 3 });
    await until('frames', () => videoTimes(peer).length === 3);
    expect(peer.story.slice(at).filter((s) => s === '_result')).toHaveLength(2);
    publisher.close();
    peer.close();
  });

  test('a duration ends it after so many ms of the stream; waiting for the stream does not count', async () => {
    const stream = fresh();
    const peer = await RawPeer.connected(srs.port);
    peer.play(stream, -2, 600);
    await peer.said('onStatus NetStream.Play.Start');
    await pause(900);
    expect(peer.closed).toBe(false);
    const publisher = await publish(urlOf(stream));
    const start = performance.now();
    let live = true;
    void feed(publisher, { frames: 200, pace: 40 }).then(() => (live = false));
    await peer.gone(7000);
    expect(live).toBe(true);
    expect((peer.closedAt as number) - start).toBeGreaterThan(500);
    expect(videoTimes(peer).slice(0, 14)).toEqual(range(0, 520));
    publisher.close();
  });
});

describe('publish (spec/rtmp.md §7.3–§7.5)', () => {
  test('FMLE: FCPublish, createStream, publish, FCUnpublish, and again', async () => {
    const stream = fresh();
    const peer = await RawPeer.connected(srs.port);
    for (let round = 0; round < 2; round++) {
      const at = peer.messages.length;
      peer.call('releaseStream', stream);
      peer.call('FCPublish', stream);
      peer.call('createStream');
      peer.say('publish', stream, 'live');
      await peer.heard(at, 'onStatus NetStream.Publish.Start');
      expect(peer.story.slice(at)).toEqual([
        '_result',
        '_result',
        '_result',
        'onFCPublish NetStream.Publish.Start',
        'onStatus NetStream.Publish.Start',
      ]);
      const end = peer.messages.length;
      const id = peer.call('FCUnpublish', stream);
      await peer.heard(end, 'onStatus NetStream.Unpublish.Success');
      expect(peer.story.slice(end)).toEqual([
        'onFCUnpublish NetStream.Unpublish.Success',
        '_result',
        'onStatus NetStream.Unpublish.Success',
      ]);
      expect(parseMessage(peer.messages[end + 1] as never)).toMatchObject({
        transactionId: id,
        args: [null, undefined],
      });
      expect(peer.messages.slice(end).every((m) => m.streamId === 1)).toBe(true);
    }
    peer.close();
  });

  test('Flash: createStream, publish; closeStream or deleteStream end it without an answer, the next may follow', async () => {
    const stream = fresh();
    const player = await record(urlOf(stream));
    const peer = await RawPeer.connected(srs.port);
    for (let round = 0; round < 3; round++) {
      const at = peer.messages.length;
      peer.call('createStream');
      peer.say('publish', stream, 'live');
      await peer.heard(at, 'onStatus NetStream.Publish.Start');
      expect(peer.story.slice(at)).toEqual(['_result', 'onStatus NetStream.Publish.Start']);
      const frame = (m: MediaMessage, type: number) => peer.send({ ...m, csid: 6, streamId: 1, type });
      frame(tag.avcConfig(), MessageType.video);
      frame(tag.key(round * 40), MessageType.video);
      await player.until('the frame', () => times(player.media(), 'video').length === round + 1);
      const end = peer.messages.length;
      if (round === 0) peer.say('closeStream');
      else peer.say('deleteStream', 1);
      await pause(50);
      expect(peer.story.slice(end)).toEqual([]);
    }
    expect(peer.closed).toBe(false);
    peer.close();
    player.client.close();
  });

  test('metadata reaches players with the server’s tags and without a duration, also those that come later', async () => {
    const stream = fresh();
    const early = await record(urlOf(stream));
    const publisher = await publish(urlOf(stream));
    publisher.sendMetadata({ width: 1280, duration: 12.5, encoder: 'test', custom: [1, 'two', null] });
    await feed(publisher, { frames: 2 });
    await early.until('frames', () => early.media().length === 4);
    const late = await record(urlOf(stream));
    await late.until('frames', () => late.media().length === 4);
    for (const player of [early, late]) {
      const bodies = player.messages.filter((m) => m.kind === 'data').map((m) => decodeAmf0All(m.payload));
      const [name, properties] = bodies.find((b) => b[0] === 'onMetaData') as [string, AmfObject];
      expect(bodies.flat()).not.toContain('@setDataFrame');
      expect(name).toBe('onMetaData');
      expect(properties.get('width')).toBe(1280);
      expect(properties.get('custom')).toEqual([1, 'two', null]);
      expect(properties.has('duration')).toBe(false);
      expect(properties.get('server')).toMatch(/^SRS\/\d/);
      expect(properties.get('srs_primary')).toBeTypeOf('string');
      expect(properties.get('srs_authors')).toBeTypeOf('string');
    }
    for (const client of [publisher, early.client, late.client]) client.close();
  });

  test('data messages are relayed in their place: onTextData, a custom one, AMF3’s type 15, behind @setDataFrame', async () => {
    const stream = fresh();
    const player = await record(urlOf(stream));
    const publisher = await RawPeer.connected(srs.port);
    publisher.call('createStream');
    publisher.say('publish', stream, 'live');
    await publisher.said('onStatus NetStream.Publish.Start');
    const caption = AmfObject.of({ text: 'Grüße', trackid: 1 });
    const to = { streamId: 1, csid: 5 };
    const frame = (m: MediaMessage) => publisher.send({ ...m, csid: 6, streamId: 1, type: MessageType.video });
    frame(tag.avcConfig());
    frame(tag.key(0));
    publisher.send(data(['onTextData', caption], to));
    frame(tag.inter(40));
    publisher.send(data(['my.event', 1, 'two', [3]], to));
    const amf3 = Buffer.concat([Buffer.of(0), encodeAmf0('onCuePoint', caption)]);
    publisher.send({ csid: 5, type: MessageType.dataAmf3, streamId: 1, timestamp: 0, payload: amf3 });
    publisher.send(data(['@setDataFrame', 'onCaptionInfo', caption], to));
    publisher.send(data([5, 'a message without a name'], to));
    publisher.send({
      csid: 5,
      type: MessageType.dataAmf0,
      streamId: 1,
      timestamp: 0,
      payload: Buffer.from('02ffff41', 'hex'),
    });
    frame(tag.inter(80));
    await player.until('the last frame', (m) => m.at(-1)?.timestamp === 80);
    const seen = player.messages.map((m) => (m.kind === 'data' ? decodeAmf0All(m.payload) : m.kind));
    expect(seen.slice(seen.indexOf('video'))).toEqual([
      'video',
      'video',
      ['onTextData', caption],
      'video',
      ['my.event', 1, 'two', [3]],
      ['onCuePoint', caption],
      ['onCaptionInfo', caption],
      'video',
    ]);
    expect(publisher.closed).toBe(false);
    publisher.close();
    player.client.close();
  });

  test('an aggregate (type 22) is split, its times shifted to its own', async () => {
    const stream = fresh();
    const player = await record(urlOf(stream));
    const publisher = await RawPeer.connected(srs.port);
    publisher.call('createStream');
    publisher.say('publish', stream, 'live');
    await publisher.said('onStatus NetStream.Publish.Start');
    const part = (m: MediaMessage): Buffer => {
      const header = Buffer.alloc(11);
      header[0] = m.kind === 'video' ? 9 : 8;
      header.writeUIntBE(m.payload.length, 1, 3);
      header.writeUIntBE(m.timestamp & 0xffffff, 4, 3);
      header[7] = m.timestamp >>> 24;
      const back = Buffer.alloc(4);
      back.writeUInt32BE(11 + m.payload.length);
      return Buffer.concat([header, m.payload, back]);
    };
    const aggregate = (timestamp: number, parts: MediaMessage[]): void =>
      publisher.send({
        csid: 6,
        type: MessageType.aggregate,
        streamId: 1,
        timestamp,
        payload: Buffer.concat(parts.map(part)),
      });
    aggregate(7000, [
      tag.avcConfig(90_000),
      tag.aacConfig(90_000),
      tag.key(90_000),
      tag.audio(90_005),
      tag.inter(90_040),
    ]);
    aggregate(7080, [tag.inter(90_080), tag.audio(90_085)]);
    await player.until('both', () => player.media().length === 5);
    expect(times(player.media(), 'video')).toEqual([0, 40, 80]);
    expect(times(player.media(), 'audio')).toEqual([5, 85]);
    expect(
      player.messages.filter((m) => m.kind === 'video').map((m) => Buffer.from(m.payload).toString('hex')),
    ).toEqual(
      [tag.avcConfig(), tag.key(0), tag.inter(0), tag.inter(0)].map((m) => Buffer.from(m.payload).toString('hex')),
    );
    publisher.close();
    player.client.close();
  });

  test('pings are answered with their own bytes, Set Chunk Size and Abort apply in mid-stream', async () => {
    const stream = fresh();
    const player = await record(urlOf(stream));
    const peer = await RawPeer.connected(srs.port);
    peer.call('createStream');
    peer.say('publish', stream, 'live');
    await peer.said('onStatus NetStream.Publish.Start');
    peer.send({
      csid: 2,
      type: MessageType.userControl,
      streamId: 0,
      timestamp: 0,
      payload: Buffer.from('0006deadbeef', 'hex'),
    });
    await peer.said(`pingResponse ${0xdeadbeef}`);
    const frame = (m: MediaMessage, csid = 6) => peer.send({ ...m, csid, streamId: 1, type: MessageType.video });
    frame(tag.key(0, 1000));
    peer.setChunkSize(7);
    frame(tag.inter(40, 1000));
    // The beginning of a message that is then given up.
    const lost = encodeChunks({ ...tag.inter(60, 1000), csid: 6, streamId: 1, type: MessageType.video }, 7).subarray(
      0,
      12 + 7,
    );
    peer.write(lost);
    peer.send({ csid: 2, type: MessageType.abort, streamId: 0, timestamp: 0, payload: Buffer.from([0, 0, 0, 6]) });
    peer.setChunkSize(60_000);
    frame(tag.inter(80, 1000));
    await player.until('the last frame', (m) => m.at(-1)?.timestamp === 80);
    expect(times(player.media(), 'video')).toEqual([0, 40, 80]);
    expect(
      player
        .media()
        .every((m) => Buffer.from(m.payload).equals(Buffer.from(tag.key(0, 1000).payload)) || m.payload[0] === 0x27),
    ).toBe(true);
    peer.close();
    player.client.close();
  });
});
