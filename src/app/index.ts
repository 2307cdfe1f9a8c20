export type { Prepared, Reloadable, Reloader, ReloadResult } from './reload.js';
export { SrsServer } from './server.js';
