import { createRequire } from 'node:module';

/** First and last of a kind in a transport stream, as mux.js sees it; 90 kHz. */
export interface Unit {
  readonly dts: number;
  readonly pts: number;
}

interface Inspection {
  readonly video?: readonly Unit[];
  readonly audio?: readonly Unit[];
  readonly firstKeyFrame?: Unit;
}

interface MuxJs {
  readonly mp2t: { readonly tools: { inspect(bytes: Uint8Array): Inspection | null } };
}

const { mp2t } = createRequire(import.meta.url)('mux.js') as MuxJs;

/** What another project's demuxer finds in a transport stream. */
export const inspect = (ts: Uint8Array): Inspection => mp2t.tools.inspect(ts) ?? {};
