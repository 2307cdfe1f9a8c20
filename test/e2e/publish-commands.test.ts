import { beforeAll, describe, expect, test } from 'vitest';
import type { MediaMessage } from '../../src/link/index.js';
import { command, MessageType, parseMessage } from '../../src/protocol/rtmp/index.js';
import { RawPeer } from '../support/raw-peer.js';
import { until } from '../support/run.js';
import { type Srs, startSrs } from '../support/srs.js';
import { pause, type Recording, record, times } from '../support/streams.js';
import { tag } from '../support/synthetic.js';

let srs: Srs;
let n = 0;

beforeAll(async () => {
  srs = await startSrs();
});

const fresh = (): string => `commands${n++}`;
const STARTED = 'onStatus NetStream.Publish.Start';
const BAD_NAME = 'onStatus NetStream.Publish.BadName';
const FMLE_END = [
  'onFCUnpublish NetStream.Unpublish.Success',
  '_result',
  'onStatus NetStream.Unpublish.Success',
] as const;

const frame = (peer: RawPeer, time: number, streamId = 1): void => {
  const send = (m: MediaMessage) => peer.send({ ...m, csid: 6, streamId, type: MessageType.video });
  if (time === 0) send(tag.avcConfig());
  send(tag.key(time));
};

interface Scene {
  readonly stream: string;
  readonly peer: RawPeer;
  readonly player: Recording;
  /** Sends a frame and waits until the player has it. */
  live(): Promise<void>;
}

/** One publishes, the way Flash or FMLE does, and one plays it. */
async function onAir(style: 'flash' | 'fmle'): Promise<Scene> {
  const stream = fresh();
  const player = await record(srs.url('live', stream));
  const peer = await RawPeer.connected(srs.port);
  if (style === 'fmle') for (const name of ['releaseStream', 'FCPublish']) peer.call(name, stream);
  peer.call('createStream');
  peer.say('publish', stream, 'live');
  await peer.said(STARTED);
  let frames = 0;
  const live = async (): Promise<void> => {
    frame(peer, frames++ * 40);
    await player.until(`frame ${frames}`, () => times(player.media(), 'video').length === frames);
  };
  await live();
  return { stream, peer, player, live };
}

const close = ({ peer, player }: Scene): void => {
  peer.close();
  player.client.close();
};

/** What the log says of the end of a publish. */
const endOf = (stream: string): Promise<string> =>
  until('the end is logged', () =>
    new RegExp(`"stream":"[^"]*/${stream}",[^\n]*"why":"([^"]*)"[^\n]*publish ended`).exec(srs.log())?.at(1),
  );

describe.each(['flash', 'fmle'] as const)('commands while publishing, style %s (spec/rtmp.md §7.3, §7.4)', (style) => {
  test('those that are not its end are answered, and it goes on', async () => {
    const scene = await onAir(style);
    const { peer, stream, live } = scene;
    for (const [name, ...args] of [
      ['_checkbw'],
      ['getStreamLength', stream],
      ['receiveAudio', true],
      ['FCPublish', stream],
      ['seek', 0],
      ['FCUnpublish', 'another'],
      ['deleteStream', 2],
    ] as const) {
      const at = peer.messages.length;
      const id = peer.call(name, ...args);
      await peer.heard(at, '_result');
      expect(parseMessage(peer.messages[at] as never)).toMatchObject({ name: '_result', transactionId: id });
      await live();
    }
    const at = peer.messages.length;
    for (const name of ['_result', '_error', 'onStatus']) peer.call(name);
    peer.send(command('_checkbw', 0, [null]));
    await live();
    expect(peer.story.slice(at)).toEqual([]);
    close(scene);
  });

  test('createStream is answered with an id of its own, what is sent there is not of the publish', async () => {
    const scene = await onAir(style);
    const { peer, live, stream } = scene;
    const at = peer.messages.length;
    peer.call('createStream');
    await peer.heard(at, '_result');
    expect(parseMessage(peer.messages[at] as never)).toMatchObject({ args: [null, 2] });
    frame(peer, 9000, 2);
    peer.send(command('closeStream', 0, [null], { csid: 8, streamId: 2 }));
    peer.call('deleteStream', 2);
    await live();
    peer.call('deleteStream', 1);
    expect(await endOf(stream)).toBe('deleteStream');
    close(scene);
  });

  test.each([
    ['closeStream', [], []],
    ['deleteStream', [1], []],
    ['FCUnpublish', ['NAME'], FMLE_END],
    ['FCUnpublish', [], FMLE_END],
    ['publish', [false], ['onStatus NetStream.Unpublish.Success']],
  ])('%s %j ends it, and the next publish may follow', async (name, args, answer) => {
    const scene = await onAir(style);
    const { peer, stream } = scene;
    const at = peer.messages.length;
    peer.say(name, ...args.map((arg) => (arg === 'NAME' ? `${stream}?token=t` : arg)));
    expect(await endOf(stream)).toBe(name);
    for (const again of [stream, fresh()]) {
      const from = peer.messages.length;
      peer.call('createStream');
      peer.say('publish', again, 'live');
      await peer.heard(from, '_result', STARTED);
      peer.say('publish', false);
      await peer.heard(from, 'onStatus NetStream.Unpublish.Success');
    }
    expect(peer.story.slice(at, at + answer.length)).toEqual(answer);
    close(scene);
  });

  test('another publish is refused, the first goes on unharmed (one stream per connection)', async () => {
    const scene = await onAir(style);
    const { peer, live, stream } = scene;
    const other = fresh();
    const stranger = await record(srs.url('live', other));
    for (const name of ['releaseStream', 'FCPublish']) {
      const from = peer.messages.length;
      const id = peer.call(name, other);
      await peer.heard(from, '_error NetStream.Publish.BadName');
      expect(parseMessage(peer.messages.at(-1) as never)).toMatchObject({ name: '_error', transactionId: id });
    }
    const publishAside = (): void => peer.send(command('publish', 0, [null, other, 'live'], { csid: 8, streamId: 2 }));
    peer.call('createStream');
    publishAside();
    await peer.said(BAD_NAME);
    expect(peer.info(BAD_NAME).get('description')).toBe('one stream per connection');
    expect(peer.messages.at(-1)?.streamId).toBe(2);
    for (let i = 0; i < 5; i++) {
      frame(peer, 50_000 + i * 40, 2);
      await live();
    }
    peer.say('publish', other, 'live');
    await peer.heard(peer.messages.length, BAD_NAME);
    expect(peer.messages.at(-1)?.streamId).toBe(1);
    await live();
    expect(stranger.media()).toEqual([]);
    const refusals = srs
      .log()
      .split('\n')
      .filter((l) => l.includes(`/${stream}"`) && l.includes('is refused'));
    expect(refusals).toHaveLength(1);

    // Once the first is over, the stream that it created may have its turn: the answers come there.
    peer.say('closeStream');
    const from = peer.messages.length;
    publishAside();
    await peer.heard(from, STARTED);
    expect(peer.messages.at(-1)?.streamId).toBe(2);
    frame(peer, 0, 2);
    frame(peer, 9000, 1);
    frame(peer, 40, 2);
    await stranger.until('its frames', () => times(stranger.media(), 'video').length === 2);
    expect(times(stranger.media(), 'video')).toEqual([0, 40]);
    stranger.client.close();
    close(scene);
  });

  test('play is refused in words, the publish goes on', async () => {
    const scene = await onAir(style);
    scene.peer.play(scene.stream);
    await scene.peer.said('onStatus NetStream.Play.Failed');
    await scene.live();
    close(scene);
  });
});

test('releaseStream of its own name: an FMLE encoder starts over', async () => {
  const scene = await onAir('fmle');
  const { peer, stream } = scene;
  const at = peer.messages.length;
  for (const name of ['releaseStream', 'FCPublish']) peer.call(name, stream);
  peer.call('createStream');
  peer.say('publish', stream, 'live');
  await peer.heard(at, ...FMLE_END, '_result', '_result', STARTED);
  close(scene);
});

describe('media of a client that publishes nothing', () => {
  test('a short tail is no harm, and the next publish may follow', async () => {
    const scene = await onAir('fmle');
    const { peer, player, stream } = scene;
    for (let round = 0; round < 2; round++) {
      const at = peer.messages.length;
      peer.call('FCUnpublish', stream);
      await peer.heard(at, ...FMLE_END);
      const start = performance.now();
      while (performance.now() - start < 300) {
        frame(peer, 5000);
        await pause(40);
      }
      for (const name of ['releaseStream', 'FCPublish']) peer.call(name, stream);
      peer.call('createStream');
      peer.say('publish', stream, 'live');
      await peer.heard(at, STARTED);
      frame(peer, 0);
      await player.until('a frame', () => times(player.media(), 'video').length === 2 + round);
    }
    expect(peer.closed).toBe(false);
    close(scene);
  });

  test.each(['closeStream', 'FCUnpublish'])('one that goes on after %s is closed, with one line', async (name) => {
    const scene = await onAir('flash');
    const { peer, stream } = scene;
    peer.say(name);
    await endOf(stream);
    const start = performance.now();
    // A pause of this machine may look like the end of it.
    while (!peer.closed && performance.now() - start < 20_000) {
      frame(peer, 5000);
      await pause(40);
    }
    expect(peer.closed).toBe(true);
    expect((peer.closedAt as number) - start).toBeGreaterThan(900);
    const lines = (): string[] =>
      srs
        .log()
        .split('\n')
        .filter((line) => line.includes(peer.name) && line.includes('"code"'));
    await until('the log says why', () => lines().length > 0);
    expect(lines()).toHaveLength(1);
    expect(lines()[0]).toMatch(/RTMP_STATE.*audio or video but publishes nothing/);
    close(scene);
  });
});
