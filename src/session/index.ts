export { RtmpSession, type SessionKind } from './rtmp-session.js';
export { metadataTags } from './server-info.js';
