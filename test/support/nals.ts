import { type Frame, freeze, ms } from '../../src/core/index.js';

/** Parameter sets of ffmpeg 5.1.9 (x264, x265) for pictures of two sizes. */
export const AVC = {
  small: { sps: '6764000aacb2084d80880000030008000003019078913240', pps: '68ebc3cb22c0' },
  big: { sps: '6764000aacb2041b6022000003000200000300641e244c90', pps: '68ebc3cb22c0' },
} as const;
export const HEVC = {
  vps: '40010c01ffff01600000030090000003000003001e928090',
  small: '42010101600000030090000003000003001ea0208105964a924caf016808000003000800000300c840',
  big: '42010101600000030090000003000003001ea01020616592a4932bc05a020000030002000003003210',
  pps: '4401c172b42240',
} as const;

const hex = (text: string): Buffer => Buffer.from(text, 'hex');
const number = (value: number, bytes: number): Buffer => {
  const out = Buffer.alloc(bytes);
  out.writeUIntBE(value, 0, bytes);
  return out;
};

/** NAL units, each behind its length. */
export const lengthPrefixed = (nals: readonly string[], lengthSize = 4): Buffer =>
  Buffer.concat(nals.flatMap((nal) => [number(nal.length / 2, lengthSize), hex(nal)]));

const video = (role: Frame['role'], codec: string, dts: number, payload: Buffer, cts = 0): Frame => ({
  kind: 'video',
  role,
  codec,
  dts: ms(dts),
  cts: ms(cts),
  track: 0,
  payload: freeze(payload),
});

export const avcRecord = (sps: string, pps: string, lengthSize = 4): Frame => {
  const head = hex(`1700000000 01${sps.slice(2, 8)}`.replaceAll(' ', ''));
  const sets = [hex('e1'), number(sps.length / 2, 2), hex(sps), hex('01'), number(pps.length / 2, 2), hex(pps)];
  return video('config', 'avc', 0, Buffer.concat([head, Buffer.of(0xfc | (lengthSize - 1)), ...sets]));
};

/** @param sets in the order in which the record has them. */
export const hevcRecord = (sets: readonly string[]): Frame => {
  const head = hex(
    `90${Buffer.from('hvc1').toString('hex')}01016000000090000000000 03cf000fcfdf8f800000f`.replace(' ', ''),
  );
  const arrays = sets.flatMap((set) => [
    Buffer.of((Number.parseInt(set.slice(0, 2), 16) >> 1) & 63, 0, 1),
    number(set.length / 2, 2),
    hex(set),
  ]);
  return video('config', 'hevc', 0, Buffer.concat([head, Buffer.of(sets.length), ...arrays]));
};

/** A message of pictures. @param data what is behind the header of its tag. */
export const avcMessage = (dts: number, data: Buffer, isKey = true, cts = 0): Frame =>
  video(isKey ? 'key' : 'inter', 'avc', dts, Buffer.concat([Buffer.of(isKey ? 0x17 : 0x27, 1, 0, 0, 0), data]), cts);
export const hevcMessage = (dts: number, data: Buffer, isKey = true): Frame =>
  video(
    isKey ? 'key' : 'inter',
    'hevc',
    dts,
    Buffer.concat([Buffer.of(isKey ? 0x93 : 0xa3), Buffer.from('hvc1'), data]),
  );

/** The NAL units of each PES packet of the video, in hex. */
export function accessUnits(ts: Buffer): string[][] {
  const units: Buffer[][] = [];
  for (let at = 0; at + 188 <= ts.length; at += 188) {
    const control = ((ts[at + 3] as number) >> 4) & 3;
    if ((ts.readUInt16BE(at + 1) & 0x1fff) !== 0x100 || (control & 1) === 0) continue;
    let body = at + 4 + ((control & 2) === 0 ? 0 : 1 + (ts[at + 4] as number));
    if (((ts[at + 1] as number) & 0x40) !== 0) {
      units.push([]);
      body += 9 + (ts[body + 8] as number);
    }
    units.at(-1)?.push(ts.subarray(body, at + 188));
  }
  return units.map((unit) =>
    Buffer.concat(unit)
      .toString('hex')
      .split(/(?:00)?000001/)
      .slice(1),
  );
}
