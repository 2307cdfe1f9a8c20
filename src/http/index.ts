export type { HttpEnvironment } from './ports.js';
export { HttpServer } from './server.js';
