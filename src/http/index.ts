export { ApiServer } from './api/api-server.js';
export { HookGate } from './hooks/hook-gate.js';
export type { HttpEnvironment } from './ports.js';
export { HttpServer } from './server.js';
