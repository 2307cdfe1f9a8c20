import type { Frame } from '../../core/index.js';
import { SrsError } from '../../kernel/index.js';
import { describeAac } from '../../protocol/aac/index.js';
import { readAv1Config } from '../../protocol/av1/index.js';
import { type PictureFormat, readAvcConfig, readAvcSps } from '../../protocol/avc/index.js';
import { audioDataOffset, videoDataOffset } from '../../protocol/flv/index.js';
import { HevcNal, hevcNalType, readHevcConfig, readHevcSps } from '../../protocol/hevc/index.js';
import { readMp3Header } from '../../protocol/mp3/index.js';

/** What is known of the sound of a stream; 0 and '' stand for what its codec does not tell. */
export interface SoundFormat {
  readonly profile: string;
  readonly sampleRate: number;
  readonly channels: number;
}

const UNKNOWN_PICTURE: PictureFormat = { profile: '', level: '', width: 0, height: 0 };

/** @param config a frame of role `config`. */
export function describeVideo({ codec, payload }: Frame): PictureFormat {
  const offset = videoDataOffset(payload);
  if (offset < 0) return UNKNOWN_PICTURE;
  const record = payload.subarray(offset);
  try {
    switch (codec) {
      case 'avc': {
        const [sps] = readAvcConfig(record).sps;
        return sps === undefined ? UNKNOWN_PICTURE : readAvcSps(sps);
      }
      case 'hevc': {
        const sps = readHevcConfig(record).sets.find((set) => hevcNalType(set[0] ?? 0) === HevcNal.sps);
        return sps === undefined ? UNKNOWN_PICTURE : readHevcSps(sps);
      }
      case 'av1':
        return readAv1Config(record) ?? UNKNOWN_PICTURE;
      default:
        return UNKNOWN_PICTURE;
    }
  } catch (error) {
    // The stream is relayed all the same; who cannot decode it says so.
    if (error instanceof SrsError) return UNKNOWN_PICTURE;
    throw error;
  }
}

/** @param frame a configuration, or for codecs without one any frame. */
export function describeAudio({ codec, payload }: Frame): SoundFormat {
  const offset = audioDataOffset(payload);
  const bytes = offset < 0 ? Buffer.alloc(0) : payload.subarray(offset);
  switch (codec) {
    case 'aac':
      return describeAac(bytes);
    case 'mp3':
    case 'mp3-8k':
      return { profile: '', ...(readMp3Header(bytes) ?? legacyFormat(payload)) };
    case 'opus':
      // OpusHead (RFC 7845 §5.1); Opus always plays at 48 kHz.
      return { profile: '', sampleRate: 48_000, channels: bytes[9] ?? 0 };
    case 'g711a':
    case 'g711u':
      return { profile: '', ...legacyFormat(payload), sampleRate: 8000 };
    case 'speex':
      return { profile: '', sampleRate: 16_000, channels: 1 };
    default:
      return { profile: '', ...legacyFormat(payload) };
  }
}

const LEGACY_RATES = [5512, 11_025, 22_050, 44_100];

/** What the first byte of an old FLV audio tag says (FLV §E.4.2.1); nothing for the extended header. */
function legacyFormat(payload: Uint8Array): { sampleRate: number; channels: number } {
  const first = payload[0] ?? 0x90;
  if (first >> 4 === 9) return { sampleRate: 0, channels: 0 };
  return { sampleRate: LEGACY_RATES[(first >> 2) & 3] ?? 0, channels: (first & 1) + 1 };
}
