export { FrameMuxer } from './frame-muxer.js';
export type { Tracks } from './tables.js';
