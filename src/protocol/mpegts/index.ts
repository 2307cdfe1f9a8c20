export { FrameMuxer, type TrackConfig } from './frame-muxer.js';
export type { Tracks } from './tables.js';
