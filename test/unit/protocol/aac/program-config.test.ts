import { describe, expect, test } from 'vitest';
import { freeze, ms } from '../../../../src/core/index.js';
import { describeAac, readAacConfig } from '../../../../src/protocol/aac/index.js';
import { FrameMuxer } from '../../../../src/protocol/mpegts/index.js';

const bytes = (hex: string) => Buffer.from(hex, 'hex');

/** Configurations of ffmpeg 5.1.9 -c:a aac, and the element that its ADTS muxer makes of each, without the comment. */
const surround = [
  ['5.1(side)', '118004c844002000c4044c61766356e500', 'a099088004001880', 6],
  ['quad', '118004c404002110044c61766356e500', 'a09880800422', 4],
  ['6.1', '118004c848002000c440044c61766356e500', 'a099090004001888', 7],
] as const;

describe('AAC whose channels no number says (ISO/IEC 14496-3 §4.4.1.1)', () => {
  test.each(surround)('%s: the element that says them is that of ffmpeg', (_layout, config, element, channels) => {
    const read = readAacConfig(bytes(config));
    expect(read.channels).toBe(0);
    expect(Buffer.from(read.programConfig).toString('hex')).toBe(`${element}00`);
    expect(describeAac(bytes(config))).toEqual({ profile: 'LC', sampleRate: 48_000, channels });
  });

  test.each(surround)('%s: it stands in front of every frame, and is counted', (_layout, config, element) => {
    const muxer = new FrameMuxer();
    const frame = { kind: 'audio', codec: 'aac', track: 0, cts: ms(0), dts: ms(0) } as const;
    const read = FrameMuxer.read({ ...frame, role: 'config', payload: freeze(bytes(`af00${config}`)) });
    if (read !== undefined) muxer.configure(read);
    muxer.begin({ video: undefined, audio: 'aac' });
    for (let i = 0; i < 2; i++)
      muxer.write({ ...frame, role: 'audio', dts: ms(i * 20), payload: freeze(bytes('af0121100460')) });
    const ts = muxer.take().toString('hex');
    const length = (7 + element.length / 2 + 1 + 4) << 5;
    const header = `fff14c00${(length >> 8).toString(16).padStart(2, '0')}${((length & 0xff) | 0x1f).toString(16)}fc`;
    expect(ts.split(`${header}${element}0021100460`)).toHaveLength(3);
  });

  test('after SBR told first, and after a core coder', () => {
    // As the first of above: 48 kHz core, SBR at 48 kHz, LC; then with the delay of a core coder.
    const bits = BigInt(`0x${surround[0][1]}`)
      .toString(2)
      .padStart(surround[0][1].length * 4, '0');
    const element = `${surround[0][2]}00`;
    const head = (text: string) => {
      const all = text.padEnd(Math.ceil(text.length / 8) * 8, '0');
      return Buffer.from((all.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
    };
    const sbr = `00101${'0011'}${'0000'}${'0011'}00010${bits.slice(13)}`;
    const core = `${bits.slice(0, 13)}01${'0'.repeat(14)}0${bits.slice(16)}`;
    for (const text of [sbr, core])
      expect(Buffer.from(readAacConfig(head(text)).programConfig).toString('hex')).toBe(element);
  });

  test('none, or one that is cut off: refused', () => {
    for (const hex of ['1180', '118004', '118004c844', '118004c844002000', '118004000000000000'])
      expect(() => readAacConfig(bytes(hex)), hex).toThrow(expect.objectContaining({ code: 'AAC_CONFIG' }));
  });
});
