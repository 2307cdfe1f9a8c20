export { FrameMuxer, type TrackConfig, type Written } from './frame-muxer.js';
export { streamTypeName, type Tracks } from './tables.js';
export type { TsEvent, TsPes, TsTable } from './ts-events.js';
export { TsReader } from './ts-reader.js';
