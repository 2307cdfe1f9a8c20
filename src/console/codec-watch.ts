type Codecs = { readonly videoCodec?: string; readonly audioCodec?: string };

/** `mp4a.40.2` → `mp4a`: within these a decoder takes what comes. */
const familyOf = (codec: string): string => codec.replace(/\..*/, '');

/**
 * Tells when a stream goes on in a codec that its decoder was not opened for. mpegts.js goes on with the same one, and
 * Chromium's for MP3 reports no error: it takes AAC for noise, and the picture stands still.
 */
export class CodecWatch {
  readonly #families = new Map<string, string>();

  /** @param codecs as far as they are known; RFC 6381. */
  changes({ videoCodec, audioCodec }: Codecs): boolean {
    const isNew = [this.#replaces('video', videoCodec), this.#replaces('audio', audioCodec)];
    return isNew.includes(true);
  }

  #replaces(kind: string, codec: string | undefined): boolean {
    if (!codec) return false;
    const before = this.#families.get(kind);
    this.#families.set(kind, familyOf(codec));
    return before !== undefined && before !== familyOf(codec);
  }
}
