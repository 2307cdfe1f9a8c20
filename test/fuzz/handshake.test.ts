import fc from 'fast-check';
import { assert, describe, test } from 'vitest';
import { ProtocolError } from '../../src/kernel/index.js';
import { ClientHandshake, ServerHandshake } from '../../src/protocol/rtmp/index.js';

const pushAll = (handshake: { push(bytes: Uint8Array): unknown }, slices: readonly Uint8Array[]): void => {
  try {
    for (const slice of slices) handshake.push(slice);
  } catch (error) {
    assert.instanceOf(error, ProtocolError);
  }
};

const reads = fc.array(fc.uint8Array({ maxLength: 2000, size: 'max' }), { maxLength: 6 });

describe('handshake: any bytes', () => {
  test('server', () => {
    fc.assert(
      fc.property(fc.boolean(), reads, (version3, slices) => {
        const handshake = new ServerHandshake();
        pushAll(handshake, version3 ? [Uint8Array.of(3), ...slices] : slices);
        const total = slices.reduce((sum, slice) => sum + slice.length, 1);
        if (version3) assert.equal(handshake.done, total >= 3073);
      }),
      { numRuns: 300 },
    );
  });

  test('client', () => {
    fc.assert(
      fc.property(fc.constantFrom('complex', 'simple'), reads, (mode, slices) => {
        const handshake = new ClientHandshake(mode);
        handshake.start();
        pushAll(handshake, [Uint8Array.of(3), ...slices]);
        assert.isFalse(handshake.verified);
      }),
      { numRuns: 300 },
    );
  });

  test('client and server understand each other in any slicing', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('complex', 'simple'),
        fc.integer({ min: 1, max: 3200 }),
        fc.integer({ min: 1, max: 3200 }),
        (mode, up, down) => {
          const client = new ClientHandshake(mode);
          const server = new ServerHandshake();
          let toServer: Uint8Array = client.start();
          let toClient: Uint8Array = new Uint8Array(0);
          for (let i = 0; i < 20_000 && !(client.done && server.done); i++) {
            const answer = server.push(toServer.subarray(0, up));
            toServer = toServer.subarray(up);
            if (answer !== undefined) toClient = answer;
            const c2 = client.push(toClient.subarray(0, down));
            toClient = toClient.subarray(down);
            if (c2 !== undefined) toServer = Buffer.concat([toServer, c2]);
          }
          assert.deepEqual([client.done, server.done, client.verified], [true, true, mode === 'complex']);
        },
      ),
      { numRuns: 60 },
    );
  });
});
