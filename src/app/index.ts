export type { Prepared, Reloadable } from './reload.js';
export { SrsServer } from './server.js';
