import { createHmac } from 'node:crypto';
import { assert, describe, test } from 'vitest';
import { ClientHandshake, ServerHandshake } from '../../../../src/protocol/rtmp/index.js';
import { assertProtocolError } from '../../../support/protocol-error.js';
import { captured } from './support.js';

// An implementation of its own after spec/rtmp.md §2, so that the code does not only agree with itself.
const tail = 'f0eec24a8068bee82e00d0d1029e7e576eec5d2d29806fab93b8e636cfeb31ae';
const serverKey = Buffer.concat([Buffer.from('Genuine Adobe Flash Media Server 001'), Buffer.from(tail, 'hex')]);
const playerKey = Buffer.concat([Buffer.from('Genuine Adobe Flash Player 001'), Buffer.from(tail, 'hex')]);
const hmac = (key: Buffer, data: Buffer): Buffer => createHmac('sha256', key).update(data).digest();
const digestAt = (sig: Buffer, schema: 0 | 1): number => {
  const block = schema === 0 ? 772 : 8;
  return block + 4 + (sig.subarray(block, block + 4).reduce((sum, byte) => sum + byte, 0) % 728);
};
const digestOf = (sig: Buffer, schema: 0 | 1, key: Buffer): Buffer => {
  const at = digestAt(sig, schema);
  return hmac(key, Buffer.concat([sig.subarray(0, at), sig.subarray(at + 32)]));
};
const signed = (sig: Buffer, schema: 0 | 1, key: Buffer): Buffer => {
  digestOf(sig, schema, key).copy(sig, digestAt(sig, schema));
  return sig;
};
const noise = (seed: number): Buffer =>
  Buffer.from(Array.from({ length: 1536 }, (_, i) => (i * seed * 31 + (i >> 3) * 17) & 0xff));
const c0 = Buffer.of(3);
const c2 = Buffer.alloc(1536, 0xc2);

/** One byte at a time; the cuts around the borders of C0, C1 and C2; all at once. */
function* slicings(bytes: Buffer): Iterable<Buffer[]> {
  yield Array.from(bytes, (_, i) => bytes.subarray(i, i + 1));
  for (const cut of [1, 2, 100, 1536, 1537, 1538, 3072, 3073, 3074])
    if (cut < bytes.length) yield [bytes.subarray(0, cut), bytes.subarray(cut)];
  yield [bytes];
}

function serve(slices: Iterable<Buffer>) {
  const handshake = new ServerHandshake(7);
  const answers: Buffer[] = [];
  const after: Buffer[] = [];
  for (const slice of slices) {
    const answer = handshake.push(slice);
    if (answer !== undefined) answers.push(answer);
    if (handshake.done) after.push(Buffer.from(handshake.rest));
  }
  return { handshake, answers, rest: Buffer.concat(after) };
}

describe('server handshake (spec/rtmp.md §2)', () => {
  for (const schema of [0, 1] as const)
    for (const seed of [1, 3, 5])
      test(`complex, schema ${schema}, digest ${seed}`, () => {
        const c1 = signed(noise(seed), schema, playerKey.subarray(0, 30));
        for (const slices of slicings(Buffer.concat([c0, c1, c2, Buffer.from('rest')]))) {
          const { handshake, answers, rest } = serve(slices);
          assert.equal(handshake.kind, `complex-${schema}`);
          assert.equal(rest.toString(), 'rest');
          assert.lengthOf(answers, 1);
          const [s] = answers as [Buffer];
          assert.deepEqual([s.length, s[0], s.readUInt32BE(1), s.readUInt32BE(5)], [3073, 3, 7, 0x01000504]);
          const s1 = s.subarray(1, 1537);
          const s2 = s.subarray(1537);
          const at = digestAt(s1, schema);
          assert.deepEqual(s1.subarray(at, at + 32), digestOf(s1, schema, serverKey.subarray(0, 36)));
          const key = hmac(serverKey, c1.subarray(digestAt(c1, schema), digestAt(c1, schema) + 32));
          assert.deepEqual(s2.subarray(1504), hmac(key, s2.subarray(0, 1504)));
        }
      });

  test('simple: S2 repeats C1, S1 has its time', () => {
    const c1 = noise(9);
    for (const slices of slicings(Buffer.concat([c0, c1, c2, Buffer.of(3)]))) {
      const { handshake, answers, rest } = serve(slices);
      assert.deepEqual([handshake.kind, handshake.done, rest.length], ['simple', true, 1]);
      const [s] = answers as [Buffer];
      assert.deepEqual(s.subarray(1537), c1);
      assert.deepEqual(s.subarray(5, 9), c1.subarray(0, 4));
    }
  });

  test('an empty read is no read', () => {
    const handshake = new ServerHandshake();
    assert.isUndefined(handshake.push(Buffer.alloc(0)));
    assertProtocolError(() => handshake.push(Buffer.of(6)), 'RTMP_HANDSHAKE');
    const client = new ClientHandshake('simple');
    assert.isUndefined(client.push(Buffer.alloc(0)));
  });

  test('C0 of another version, RTMPE for one, is refused at its first byte', () => {
    for (const version of [0, 2, 6, 0x16, 0x47])
      assertProtocolError(() => new ServerHandshake().push(Buffer.of(version)), 'RTMP_HANDSHAKE');
  });

  test('not done before the last byte of C2', () => {
    const handshake = new ServerHandshake();
    assert.isUndefined(handshake.push(Buffer.concat([c0, Buffer.alloc(1535)])));
    assert.lengthOf(handshake.push(Buffer.alloc(1536)) ?? [], 3073);
    assert.isFalse(handshake.done);
    assert.isUndefined(handshake.push(Buffer.alloc(1)));
    assert.isTrue(handshake.done);
  });

  const peers = {
    'ffmpeg-5.1.9-publish': 'complex-1',
    'ffmpeg-5.1.9-play': 'complex-1',
    'rtmpdump-2.4-play-swfvfy': 'complex-1',
    'nginx-rtmp-1.2.2-push': 'complex-1',
    'rtmpdump-2.4-play': 'simple',
    'gstreamer-1.22-rtmp2sink-publish': 'simple',
    'gstreamer-1.22-rtmpsink-publish': 'simple',
  };
  for (const [name, kind] of Object.entries(peers))
    test(`${name} is ${kind}`, () => {
      for (const slices of slicings(captured(name).raw.subarray(0, 3100)))
        assert.equal(serve(slices).handshake.kind, kind);
    });
});

describe('client handshake (spec/rtmp.md §2)', () => {
  test('complex: C1 is signed in schema 1, C2 answers S1', () => {
    for (const schema of [0, 1] as const) {
      const client = new ClientHandshake('complex');
      const c1 = client.start().subarray(1);
      assert.deepEqual(c1.subarray(digestAt(c1, 1), digestAt(c1, 1) + 32), digestOf(c1, 1, playerKey.subarray(0, 30)));
      const s1 = signed(noise(7), schema, serverKey.subarray(0, 36));
      const s2 = noise(11);
      hmac(hmac(serverKey, digestOf(c1, 1, playerKey.subarray(0, 30))), s2.subarray(0, 1504)).copy(s2, 1504);
      const answer = client.push(Buffer.concat([c0, s1, s2, Buffer.from('rest')]));
      assert.isTrue(client.done);
      assert.isTrue(client.verified);
      assert.equal(Buffer.from(client.rest).toString(), 'rest');
      const key = hmac(playerKey, s1.subarray(digestAt(s1, schema), digestAt(s1, schema) + 32));
      assert.deepEqual(answer?.subarray(1504), hmac(key, answer?.subarray(0, 1504) ?? c0));
    }
  });

  for (const mode of ['complex', 'simple'] as const)
    test(`${mode} against our server, in every slicing`, () => {
      const one = new ClientHandshake(mode);
      const length = 3073 + 4;
      for (const cuts of slicings(Buffer.alloc(length))) {
        const client = cuts.length === 1 ? one : new ClientHandshake(mode);
        const server = new ServerHandshake();
        const answer = Buffer.concat([server.push(client.start()) ?? c0, Buffer.from('rest')]);
        const sent: Buffer[] = [];
        const after: Buffer[] = [];
        let at = 0;
        for (const cut of cuts) {
          const c2 = client.push(answer.subarray(at, at + cut.length));
          if (c2 !== undefined) sent.push(c2);
          if (client.done) after.push(Buffer.from(client.rest));
          at += cut.length;
        }
        assert.equal(Buffer.concat(after).toString(), 'rest');
        assert.equal(client.verified, mode === 'complex');
        assert.lengthOf(sent, 1);
        server.push(sent[0] ?? c0);
        assert.isTrue(server.done);
        assert.equal(server.kind, mode === 'complex' ? 'complex-1' : 'simple');
      }
    });

  test('complex against a simple server: C2 repeats S1, nothing is verified', () => {
    const client = new ClientHandshake('complex');
    client.start();
    const s1 = noise(13);
    assert.deepEqual(client.push(Buffer.concat([c0, s1])), s1);
    assert.isUndefined(client.push(noise(15)));
    assert.deepEqual([client.done, client.verified], [true, false]);
  });

  test('a forged S2 is not verified', () => {
    const client = new ClientHandshake('complex');
    const answer = new ServerHandshake().push(client.start()) ?? c0;
    answer[3000] = (answer[3000] ?? 0) ^ 1;
    client.push(answer);
    assert.deepEqual([client.done, client.verified], [true, false]);
  });

  test('S0 of another version', () => {
    assertProtocolError(() => new ClientHandshake('simple').push(Buffer.of(6)), 'RTMP_HANDSHAKE');
  });
});
