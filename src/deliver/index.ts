export { type HlsFile, HlsOutputs } from './hls/hls-outputs.js';
