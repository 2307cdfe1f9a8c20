import fc from 'fast-check';
import { assert, test } from 'vitest';
import { ProtocolError } from '../../src/kernel/index.js';
import { ProxyHeaderReader } from '../../src/protocol/proxy/index.js';

const starts = ['', 'PROXY ', 'PROXY TCP4 ', 'PROXY TCP6 ', '\r\n\r\n\0\r\nQUIT\n', '\r\n\r\n\0\r\nQUIT\n\x21\x11\0'];

test('any bytes after any beginning: a header, a wait, or a ProtocolError; never more than 5 KB are waited for', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...starts),
      fc.array(fc.uint8Array({ maxLength: 3000, size: 'max' }), { maxLength: 4 }),
      (start, slices) => {
        const reader = new ProxyHeaderReader();
        let given = 0;
        try {
          for (const slice of [Buffer.from(start, 'latin1'), ...slices]) {
            given += slice.length;
            const header = reader.push(slice);
            if (header !== undefined) return;
          }
          assert.isBelow(given, 5000);
        } catch (error) {
          assert.instanceOf(error, ProtocolError);
        }
      },
    ),
    { numRuns: 2000 },
  );
});
