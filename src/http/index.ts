export { ApiServer } from './api/api-server.js';
export { HookGate } from './hooks/hook-gate.js';
export { HttpServer } from './server.js';
