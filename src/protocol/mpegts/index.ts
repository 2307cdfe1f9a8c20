export { FrameMuxer } from './frame-muxer.js';
export type { AudioTrack, Tracks, VideoTrack } from './tables.js';
