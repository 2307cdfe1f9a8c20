export { plainAddress } from './address.js';
export * from './deadlines.js';
export * from './peer.js';
export * from './proxy-door.js';
export * from './rtmp-client.js';
export * from './rtmp-link.js';
export { SocketSink } from './socket-sink.js';
export * from './tcp-listener.js';
