import { type Frame, type FrameKind, type FrameRole, freeze, ms } from '../../src/core/index.js';
import type { WireFormat } from '../../src/stream/wire-format.js';

/** A frame that names itself in its payload, e.g. `key@40`. */
export function frame(kind: FrameKind, role: FrameRole, dts: number, size = 0): Frame {
  const payload = freeze(Buffer.from(`${kind[0]}:${role}@${dts};`.padEnd(size, '.')));
  return { kind, role, dts: ms(dts), cts: ms(0), codec: kind === 'video' ? 'avc' : 'aac', track: 0, payload };
}

export const key = (dts: number, size = 0): Frame => frame('video', 'key', dts, size);
export const inter = (dts: number, size = 0): Frame => frame('video', 'inter', dts, size);
export const audio = (dts: number, size = 0): Frame => frame('audio', 'audio', dts, size);

/** Writes payloads as they are, so that a viewer's bytes read like a story. */
export const plainFormat: WireFormat = {
  id: 'plain',
  selection: 'all',
  lengthOf: (f) => f.payload.length,
  write(out, at, f) {
    out.set(f.payload, at);
    return at + f.payload.length;
  },
};
