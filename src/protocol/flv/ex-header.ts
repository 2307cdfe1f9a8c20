/** Where the parts of an enhanced RTMP header are ("Enhanced Video" and "Enhanced Audio" of enhanced-rtmp-v2). */

/** ModEx has the same number for audio and video. */
export const modEx = 7;

export const MultitrackType = { oneTrack: 0, manyTracks: 1, manyTracksManyCodecs: 2 } as const;

/** Offset of the byte after the ModEx prefixes, times 16, plus the packet type that they lead to. */
export type PacketStart = number & { readonly packetStart: unique symbol };

/**
 * Skips the ModEx prefixes: size - 1 as UI8 (255: a UI16 follows instead), data, then four bits of ModEx type and four
 * of the real packet type. One number instead of an object: this runs for every packet.
 * @returns -1 when the payload ends inside of a prefix.
 */
export function skipModEx(payload: Uint8Array): PacketStart {
  let type = (payload[0] as number) & 0x0f;
  let at = 1;
  while (type === modEx) {
    let size = (payload[at] ?? 0) + 1;
    at += 1;
    if (size === 256) {
      size = (((payload[at] ?? 0) << 8) | (payload[at + 1] ?? 0)) + 1;
      at += 2;
    }
    at += size;
    const next = payload[at];
    if (next === undefined) return -1 as PacketStart;
    type = next & 0x0f;
    at += 1;
  }
  return (at * 16 + type) as PacketStart;
}

export const packetType = (start: PacketStart): number => start & 0x0f;
export const offsetAfter = (start: PacketStart): number => start >> 4;
