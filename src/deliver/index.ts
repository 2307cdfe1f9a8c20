export { HlsOutputs } from './hls/hls-outputs.js';
