import { type AddressInfo, createServer } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { startAhead } from '../support/ahead.js';
import { confOf } from '../support/hook-server.js';
import { RawPeer } from '../support/raw-peer.js';
import { until } from '../support/run.js';
import { pause, publish } from '../support/streams.js';

/** Deadlines are looked at four times a second. */
const LOOK = 600;

describe('limits of minutes (docs/limits.md)', () => {
  test.each([
    ['publish', 'FCUnpublish', 180_000],
    ['play', 'closeStream', 1_800_000],
  ])(
    'after the end of a %s the connection stays, without another one so long: %s, then %i ms',
    async (use, end, limit) => {
      const srs = await startAhead({});
      const peer = await RawPeer.connected(srs.port);
      peer.call('FCPublish', 's');
      peer.call('createStream');
      peer.say(use, 's', 'live');
      await peer.said(use === 'play' ? 'onStatus NetStream.Play.Start' : 'onStatus NetStream.Publish.Start');
      peer.say(end, 's');
      await until('it has ended', () => srs.log().includes(`"msg":"${use} ended"`));
      await srs.ahead(limit - 5000);
      await pause(LOOK);
      expect(peer.closed).toBe(false);
      await srs.ahead(6000);
      await peer.gone(5000);
      await until('that is logged', () => srs.log().includes('peer did not send another publish or play'));
    },
  );

  test('a destination of a forward has 5 s to answer', async () => {
    const mute = createServer((socket) => socket.on('error', () => undefined));
    await new Promise<void>((listening) => mute.listen(0, '127.0.0.1', listening));
    onTestFinished(() => void mute.close());
    let connects = 0;
    mute.on('connection', () => connects++);
    const srs = await startAhead({ config: confOf(`forward 127.0.0.1:${(mute.address() as AddressInfo).port};`) });
    const publisher = await publish(srs.url('live', 's'));
    await until('it is connected to', () => connects === 1);
    await srs.ahead(2000);
    await pause(LOOK);
    expect(srs.log()).not.toContain('did not send an answer');
    await srs.ahead(3000);
    await until('it is given up', () => srs.log().includes('did not send an answer'));
    await until('it is tried again', () => connects >= 2);
    publisher.close();
  });
});
