/** The part of mux.js that the tests use; it brings no types. */
declare module 'mux.js' {
  /** First and last of a kind in a transport stream; 90 kHz. */
  export interface Unit {
    readonly dts: number;
    readonly pts: number;
  }

  interface Inspection {
    readonly video?: readonly Unit[];
    readonly audio?: readonly Unit[];
    readonly firstKeyFrame?: Unit;
  }

  const muxJs: { readonly mp2t: { readonly tools: { inspect(bytes: Uint8Array): Inspection | null } } };
  export default muxJs;
}
