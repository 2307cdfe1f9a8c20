import { assert, describe, test } from 'vitest';
import { ProtocolError } from '../../../../src/kernel/index.js';
import { type ProxyHeader, ProxyHeaderReader } from '../../../../src/protocol/proxy/index.js';
import { everySplit, fromHex } from '../../../support/bytes.js';

const V2 = '0d0a0d0a000d0a515549540a';
const hello = Buffer.from('hello').toString('hex');
const line = (text: string) => Buffer.from(text, 'latin1').toString('hex');

/** Reads on as a socket would: what comes after the header belongs to the rest. */
function readAll(slices: readonly Uint8Array[]): ProxyHeader | undefined {
  const reader = new ProxyHeaderReader();
  for (const [i, slice] of slices.entries()) {
    const header = reader.push(slice);
    if (header !== undefined) return { ...header, rest: Buffer.concat([header.rest, ...slices.slice(i + 1)]) };
  }
  return undefined;
}

describe('a header, in every slicing', () => {
  for (const { name, hex, want } of [
    {
      name: 'version 1 of haproxy 2.6',
      hex: '50524f58592054435034203132372e302e302e32203132372e302e302e312034303030312032313031310d0a',
      want: { address: '127.0.0.2', port: 40001 },
    },
    {
      name: 'version 1 of haproxy 2.6, IPv6',
      hex: '50524f58592054435036203a3a31203a3a312034303030322032313031310d0a',
      want: { address: '::1', port: 40002 },
    },
    {
      name: 'version 2 of haproxy 2.6',
      hex: `${V2}2111000c7f0000027f0000019c435214`,
      want: { address: '127.0.0.2', port: 40003 },
    },
    {
      name: 'version 2 of haproxy 2.6, IPv6',
      hex: `${V2}2121002400000000000000000000000000000001000000000000000000000000000000019c445214`,
      want: { address: '::1', port: 40004 },
    },
    {
      name: 'version 2 of haproxy 2.6 with TLVs (checksum, unique id)',
      hex: `${V2}211100167f0000027f0000019c45521503000461a9f443050000`,
      want: { address: '127.0.0.2', port: 40005 },
    },
    { name: 'version 2, health check of haproxy 2.6 (LOCAL)', hex: `${V2}20000000`, want: undefined },
    {
      name: '§2.2 LOCAL: addresses are ignored',
      hex: `${V2}2011000c7f0000027f0000019c435214`,
      want: undefined,
    },
    { name: '§2.2 UNSPEC', hex: `${V2}21000003aabbcc`, want: undefined },
    { name: '§2.2 AF_UNIX', hex: `${V2}213100d8${'61'.repeat(216)}`, want: undefined },
    {
      name: 'version 2, an IPv4 client on an IPv6 socket',
      hex: `${V2}2121002400000000000000000000ffffc0000207000000000000000000000000000000019c445214`,
      want: { address: '192.0.2.7', port: 40004 },
    },
    {
      name: 'version 1, IPv6 in its long form',
      hex: line('PROXY TCP6 2001:0DB8:0:0:0:0:0:7 2001:db8::1 1 65535\r\n'),
      want: { address: '2001:db8::7', port: 1 },
    },
    { name: '§2.1 UNKNOWN', hex: line('PROXY UNKNOWN\r\n'), want: undefined },
    {
      name: '§2.1 UNKNOWN with the longest line',
      hex: line(
        `PROXY UNKNOWN ${`${'f'.repeat(4)}:`.repeat(7)}ffff ${`${'f'.repeat(4)}:`.repeat(7)}ffff 65535 65535\r\n`,
      ),
      want: undefined,
    },
  ])
    test(name, () => {
      for (const slices of everySplit(fromHex(hex + hello))) {
        const header = readAll(slices);
        assert.deepEqual(header?.source, want);
        assert.equal(header?.rest.toString(), 'hello');
      }
    });
});

test('4112 bytes of version 2 are the most', () => {
  const header = fromHex(`${V2}21111000 7f000002 7f000001 9c43 5214`);
  const tlvs = Buffer.alloc(4112 - header.length);
  assert.deepEqual(readAll([header, tlvs])?.source, { address: '127.0.0.2', port: 40003 });
});

describe('what is no header', () => {
  for (const [name, hex] of [
    ['RTMP', '030000000000000000'],
    ['HTTP', line('GET / HTTP/1.1\r\n')],
    ['TLS', '160301020001'],
    ['POST, which begins like PROXY', line('POST /live/a.flv HTTP/1.1\r\n')],
    ['a line without an end', line(`PROXY TCP4 ${'1'.repeat(100)}`)],
    ['an end beyond 107 bytes', line(`PROXY UNKNOWN ${'x'.repeat(100)}\r\n`)],
    ['no family', line('PROXY \r\n')],
    ['another family', line('PROXY UDP4 127.0.0.1 127.0.0.1 1 2\r\n')],
    ['too few words', line('PROXY TCP4 127.0.0.1 127.0.0.1 1\r\n')],
    ['too many words', line('PROXY TCP4 127.0.0.1 127.0.0.1 1 2 3\r\n')],
    ['two spaces', line('PROXY TCP4  127.0.0.1 127.0.0.1 1 2\r\n')],
    ['an address out of range', line('PROXY TCP4 127.0.0.256 127.0.0.1 1 2\r\n')],
    ['an octal address', line('PROXY TCP4 0127.0.0.1 127.0.0.1 1 2\r\n')],
    ['a name', line('PROXY TCP4 localhost 127.0.0.1 1 2\r\n')],
    ['IPv6 as IPv4', line('PROXY TCP4 ::1 ::1 1 2\r\n')],
    ['IPv4 as IPv6', line('PROXY TCP6 127.0.0.1 127.0.0.1 1 2\r\n')],
    ['a zone', line('PROXY TCP6 fe80::1%eth0 ::1 1 2\r\n')],
    ['a port out of range', line('PROXY TCP4 127.0.0.1 127.0.0.1 65536 2\r\n')],
    ['a port with a sign', line('PROXY TCP4 127.0.0.1 127.0.0.1 +1 2\r\n')],
    ['version 3', `${V2}3111000c7f0000027f0000019c435214`],
    ['an unknown command', `${V2}2211000c7f0000027f0000019c435214`],
    ['an unknown family', `${V2}2141000c7f0000027f0000019c435214`],
    ['UDP', `${V2}2112000c7f0000027f0000019c435214`],
    ['addresses that are cut off', `${V2}2111000b7f0000027f0000019c4352`],
    ['64 KiB of TLVs', `${V2}2111ffff`],
    ['4113 bytes of version 2', `${V2}21111001`],
  ] as const)
    test(name, () => {
      for (const slices of everySplit(fromHex(hex))) assert.throws(() => readAll(slices), ProtocolError, 'PROXY');
    });
});
