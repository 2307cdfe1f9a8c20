import fc from 'fast-check';
import { assert, test } from 'vitest';
import { ProtocolError } from '../../src/kernel/index.js';
import {
  FlvReader,
  type FlvTag,
  flvHeader,
  isMultitrack,
  readAudioTag,
  readVideoTag,
  tagLength,
  writeTag,
} from '../../src/protocol/flv/index.js';

const roles = ['config', 'key', 'inter', 'audio', 'end', 'meta'];

test('any tag body has a result', () => {
  const headerLike = fc
    .tuple(
      fc.constantFrom(0x17, 0x1c, 0x57, 0x90, 0x91, 0x96, 0x97, 0x95, 0xa6, 0xa7, 0xaf),
      fc.uint8Array({ maxLength: 24 }),
    )
    .map(([first, rest]) => Uint8Array.from([first, ...rest]));
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 24 }), headerLike), (body) => {
      for (const info of [readVideoTag(body), readAudioTag(body)]) {
        assert.include(roles, info.role);
        assert.match(info.codec, /^[\x20-\x7e]+$/);
        assert.isTrue(Number.isInteger(info.cts) && Math.abs(info.cts) <= 2 ** 23);
        assert.isTrue(Number.isInteger(info.track) && info.track >= 0 && info.track <= 255);
      }
      assert.isBoolean(isMultitrack(body, 'video'));
      assert.isBoolean(isMultitrack(body, 'audio'));
    }),
    { numRuns: 5_000 },
  );
});

test('any bytes are tags or a ProtocolError', () => {
  fc.assert(
    fc.property(fc.boolean(), fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 6 }), (headed, pieces) => {
      const reader = new FlvReader();
      try {
        if (headed) reader.push(flvHeader({ audio: true, video: true }));
        for (const piece of pieces) reader.push(piece);
      } catch (error) {
        assert.instanceOf(error, ProtocolError);
        assert.throws(() => reader.push(new Uint8Array(1)), ProtocolError);
      }
    }),
    { numRuns: 2_000 },
  );
});

test('write → read gives the same tags, sliced anyhow', () => {
  const tag = fc.record({
    type: fc.constantFrom(8 as const, 9 as const, 18 as const),
    timestamp: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
    payload: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
  });
  fc.assert(
    fc.property(
      fc.array(tag, { maxLength: 6 }),
      fc.array(fc.nat(80), { minLength: 1, maxLength: 20 }),
      (tags, cuts) => {
        const file = Buffer.alloc(13 + tags.reduce((sum, { payload }) => sum + tagLength(payload.length), 0));
        file.set(flvHeader({ audio: true, video: false }));
        let end = 13;
        for (const { type, timestamp, payload } of tags) end = writeTag(file, end, type, timestamp, payload);
        assert.equal(end, file.length);

        const reader = new FlvReader();
        const out: FlvTag[] = [];
        for (let at = 0, i = 0; at < file.length; i++) {
          const next = at + (cuts[i % cuts.length] as number) + 1;
          out.push(...reader.push(file.subarray(at, next)));
          at = next;
        }
        assert.deepEqual(out, tags as unknown as FlvTag[]);
      },
    ),
  );
});
