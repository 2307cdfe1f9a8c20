export { ForwardOutputs } from './forward/forward-outputs.js';
export { HlsOutputs } from './hls/hls-outputs.js';
