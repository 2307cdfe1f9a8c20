/**
 * The library entry `simple-rtmp-server/client`: an RTMP client that plays and publishes, with the codecs that one
 * needs beside it. The counterpart of the original's srs-librtmp.
 */
export { type Ms, ms } from './core/index.js';
export { ProtocolError, RefusedError, SrsError, SystemError } from './kernel/index.js';
export { type ClientOptions, type MediaMessage, type PlayOptions, RtmpClient } from './link/index.js';
export { AmfObject, type AmfValue, decodeAmf0All, encodeAmf0 } from './protocol/amf/index.js';
export {
  FlvReader,
  type FlvTag,
  flvHeader,
  readAudioTag,
  readVideoTag,
  tagLength,
  writeTag,
} from './protocol/flv/index.js';
