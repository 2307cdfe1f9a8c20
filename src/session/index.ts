export { TestTurns } from './bandcheck/test-turns.js';
export type { SessionEnvironment } from './ports.js';
export { RtmpSession } from './rtmp-session.js';
export { metadataTags } from './server-info.js';
