import { readFileSync } from 'node:fs';
import { assert, describe, test } from 'vitest';
import {
  FlvReader,
  type FlvTag,
  findHeaderTags,
  flvHeader,
  flvStartBytes,
  readAudioTag,
  readVideoTag,
  tagLength,
  writeTag,
} from '../../../../src/protocol/flv/index.js';
import { everySplit, fromHex } from '../../../support/bytes.js';
import { assertProtocolError } from '../../../support/protocol-error.js';

const golden = (name: string) => readFileSync(new URL(`../../../golden/flv/${name}`, import.meta.url));
const readAll = (slices: Iterable<Uint8Array>): FlvTag[] => {
  const reader = new FlvReader();
  return [...slices].flatMap((slice) => reader.push(slice));
};
const infoOf = ({ type, payload }: FlvTag) => {
  if (type === 18) return 'script';
  const { codec, role, cts } = type === 8 ? readAudioTag(payload) : readVideoTag(payload);
  return `${codec} ${role} ${cts}`;
};

describe('files of real encoders', () => {
  const files: { file: string; infos: string[]; tags: number }[] = [
    {
      file: 'ffmpeg-5.1.9-h264-aac.flv',
      tags: 33,
      infos: [
        'script',
        'avc config 0',
        'aac config 0',
        'avc key 80',
        'avc inter 160',
        'aac audio 0',
        'avc inter 40',
        'avc inter 80',
        'avc inter 120',
        'avc end 0',
      ],
    },
    {
      file: 'gstreamer-1.22.0-h264-aac.flv',
      tags: 17,
      infos: [
        'script',
        'avc config 0',
        'aac config 0',
        'avc key 0',
        'avc inter 133',
        'avc inter 66',
        'aac audio 0',
        'avc inter 0',
        'avc inter 34',
        'avc end 0',
      ],
    },
    {
      file: 'ffmpeg-5.1.9-sorenson-mp3.flv',
      tags: 15,
      infos: ['script', 'mp3 audio 0', 'sorenson key 0', 'sorenson inter 0'],
    },
    { file: 'ffmpeg-5.1.9-screen.flv', tags: 6, infos: ['script', 'screen key 0', 'screen inter 0'] },
    { file: 'ffmpeg-5.1.9-screen2.flv', tags: 6, infos: ['script', 'screen2 key 0', 'screen2 inter 0'] },
    { file: 'ffmpeg-5.1.9-speex.flv', tags: 6, infos: ['script', 'speex audio 0'] },
    { file: 'ffmpeg-5.1.9-nellymoser.flv', tags: 10, infos: ['script', 'nellymoser audio 0'] },
    { file: 'ffmpeg-5.1.9-nellymoser8.flv', tags: 6, infos: ['script', 'nellymoser8 audio 0'] },
    { file: 'ffmpeg-5.1.9-nellymoser16.flv', tags: 9, infos: ['script', 'nellymoser16 audio 0'] },
    { file: 'ffmpeg-5.1.9-pcm.flv', tags: 2, infos: ['script', 'pcm audio 0'] },
    { file: 'ffmpeg-5.1.9-pcm-le.flv', tags: 3, infos: ['script', 'pcm-le audio 0'] },
    { file: 'ffmpeg-5.1.9-adpcm.flv', tags: 2, infos: ['script', 'adpcm audio 0'] },
    { file: 'ffmpeg-5.1.9-g711a.flv', tags: 2, infos: ['script', 'g711a audio 0'] },
    { file: 'ffmpeg-5.1.9-g711u.flv', tags: 2, infos: ['script', 'g711u audio 0'] },
  ];
  for (const { file, infos, tags } of files)
    describe(file, () => {
      const bytes = golden(file);
      const read = readAll([bytes]);

      test('codecs and roles, in the order of their first appearance', () => {
        assert.lengthOf(read, tags);
        assert.deepEqual([...new Set(read.map(infoOf))], infos);
      });

      test('we write the same bytes', () => {
        const out = Buffer.alloc(bytes.length);
        const reader = new FlvReader();
        reader.push(bytes);
        assert.isDefined(reader.header);
        let at = flvHeader(reader.header ?? { audio: false, video: false }).copy(out);
        for (const { type, timestamp, payload } of read) at = writeTag(out, at, type, timestamp, payload);
        assert.isTrue(out.equals(bytes));
      });
    });

  test('every split gives the same tags', () => {
    const bytes = golden('ffmpeg-5.1.9-screen.flv');
    const want = readAll([bytes]);
    for (const slices of everySplit(bytes)) assert.deepEqual(readAll(slices), want);
  });
});

const header = '464c56 01 05 00000009 00000000';
/** A tag in hex with a body of `aabb`. */
const tag = '09 000002 000001 00 000000 aabb 0000000d';

describe('writing', () => {
  test('§E.2 header and PreviousTagSize0', () => {
    assert.deepEqual(flvHeader({ audio: true, video: true }), fromHex(header));
    assert.deepEqual(flvHeader({ audio: true, video: false })[4], 4);
    assert.deepEqual(flvHeader({ audio: false, video: true })[4], 1);
  });

  const written = (timestampMs: number) => {
    const out = Buffer.alloc(tagLength(2));
    assert.equal(writeTag(out, 0, 9, timestampMs, fromHex('aabb')), out.length);
    return out.toString('hex');
  };

  test('§E.4.1 a tag', () => {
    assert.equal(written(1), fromHex(tag).toString('hex'));
  });
  for (const [name, at, hex] of [
    ['the upper byte comes last', 0x01020304, '02030401'],
    ['the highest timestamp', 2 ** 32 - 1, 'ffffffff'],
    ['it wraps at 2^32', 2 ** 32 + 5, '00000500'],
    ['and after years', 2 ** 40 + 7, '00000700'],
  ] as const)
    test(`§E.4.1 timestamp: ${name}`, () => {
      assert.equal(written(at).slice(8, 16), hex);
    });

  test('a body of 2^24 bytes does not fit', () => {
    const body = Buffer.alloc(2 ** 24);
    assert.throws(() => writeTag(Buffer.alloc(tagLength(body.length)), 0, 9, 0, body), RangeError);
  });
});

describe('reading', () => {
  const want = [{ type: 9, timestamp: 1, payload: fromHex('aabb') }];
  const rows: [name: string, hex: string, want: unknown[]][] = [
    ['nothing', '', []],
    ['§E.2 only a header', header, []],
    ['§E.4.1 a tag, without the size behind it', `${header} ${tag.slice(0, -9)}`, want],
    ['§E.3 a wrong PreviousTagSize', `${header} ${tag.replace('0000000d', '12345678')} ${tag}`, [...want, ...want]],
    ['§E.2 a longer header', `464c56 01 05 0000000b ffff 00000000 ${tag}`, want],
    ['§E.4.1 a stream id is not looked at', `${header} 09 000002 000001 00 000007 aabb`, want],
    [
      '§E.4.1 extended timestamp',
      `${header} 09 000002 ffffff ff 000000 aabb`,
      [{ ...want[0], timestamp: 2 ** 32 - 1 }],
    ],
    [
      '§E.4.1 no body',
      `${header} 08 000000 000002 00 000000 0000000b`,
      [{ type: 8, timestamp: 2, payload: Buffer.alloc(0) }],
    ],
  ];
  for (const [name, hex, tags] of rows)
    test(name, () => {
      for (const slices of everySplit(fromHex(hex))) assert.deepEqual(readAll(slices) as unknown, tags);
    });

  test('§E.2 flags of the header', () => {
    const reader = new FlvReader();
    assert.isUndefined(reader.header);
    reader.push(flvHeader({ audio: false, video: true }));
    assert.deepEqual(reader.header, { audio: false, video: true });
  });

  for (const [name, hex] of Object.entries({
    '§E.2 no signature': '47'.repeat(9),
    '§E.2 header shorter than itself': '464c56 01 05 00000008',
    '§E.2 header of 4 GiB': '464c56 01 05 ffffffff',
    '§E.4.1 unknown type of tag': `${header} 0a 000000 000000 00 000000`,
    '§E.4.1 filtered tag': `${header} 29 000000 000000 00 000000`,
  }))
    test(`refused: ${name}`, () => {
      for (const slices of everySplit(fromHex(hex))) {
        const reader = new FlvReader();
        assertProtocolError(() => {
          for (const slice of slices) reader.push(slice);
        }, 'FLV_SYNTAX');
        assertProtocolError(() => reader.push(fromHex(header)), 'FLV_SYNTAX');
      }
    });

  test('a body is copied out of the bytes that brought it', () => {
    const bytes = fromHex(`${header} ${tag}`);
    const [first] = new FlvReader().push(bytes);
    bytes.fill(0);
    assert.deepEqual(first?.payload as unknown, fromHex('aabb'));
  });

  test('a large body in pieces arrives whole, and grows only with its bytes', () => {
    const body = Buffer.alloc(1_000_003, 'abc');
    const bytes = Buffer.alloc(13 + tagLength(body.length));
    bytes.set(flvHeader({ audio: false, video: true }));
    writeTag(bytes, 13, 9, 0, body);
    const slices = Array.from({ length: Math.ceil(bytes.length / 4096) }, (_, i) =>
      bytes.subarray(i * 4096, i * 4096 + 4096),
    );
    const [first, ...others] = readAll(slices);
    assert.isEmpty(others);
    assert.isTrue(first !== undefined && Buffer.from(first.payload).equals(body));
    assert.equal(first?.payload.buffer.byteLength, body.length);
  });
});

describe('header tags of a file, for a start elsewhere (spec/http.md §3.1)', () => {
  const find = (bytes: Buffer, limit = bytes.length) =>
    findHeaderTags(async (at, length) => bytes.subarray(at, at + length), limit);

  test('of encoders: from the first media tag to the end of both sequence headers', async () => {
    for (const name of ['ffmpeg-5.1.9-h264-aac.flv', 'gstreamer-1.22.0-h264-aac.flv']) {
      const bytes = golden(name);
      const tags = await find(bytes);
      assert(tags);
      const found = readAll([bytes.subarray(0, flvStartBytes), bytes.subarray(tags.from, tags.to)]).map(infoOf);
      assert.deepEqual(found.toSorted(), ['aac config 0', 'avc config 0']);
    }
  });

  test('one kind alone: its first tag', async () => {
    const bytes = golden('ffmpeg-5.1.9-speex.flv');
    const tags = await find(bytes);
    assert(tags);
    assert.equal(readAll([bytes.subarray(0, flvStartBytes), bytes.subarray(tags.from, tags.to)]).length, 1);
  });

  test('no FLV, no media, a script tag that is longer than the limit: nothing', async () => {
    const bytes = golden('ffmpeg-5.1.9-h264-aac.flv');
    for (const broken of [Buffer.alloc(0), Buffer.from('FLV'), Buffer.alloc(100, 'x'), bytes.subarray(0, 20)])
      assert.isUndefined(await find(broken));
    assert.isUndefined(await find(bytes, 100));
    const endless = Buffer.concat([bytes.subarray(0, flvStartBytes), Buffer.alloc(4000)]);
    assert.isUndefined(await find(endless));
  });
});
