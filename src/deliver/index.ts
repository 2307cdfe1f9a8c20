export { DvrOutputs } from './dvr/dvr-outputs.js';
export { ForwardOutputs } from './forward/forward-outputs.js';
export type { SegmentInfo } from './hls/hls-output.js';
export { HlsOutputs } from './hls/hls-outputs.js';
export { TranscodeOutputs } from './transcode/transcode-outputs.js';
