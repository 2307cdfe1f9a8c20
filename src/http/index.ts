export type { ApiServer } from './api/api-server.js';
export type { ApiEnvironment } from './api/ports.js';
export type { Readiness } from './api/routes/health-routes.js';
export { summaryAnswer } from './api/summaries.js';
export { EventFeed } from './events/event-feed.js';
export { Heartbeat } from './heartbeat.js';
export { HookGate } from './hooks/hook-gate.js';
export type { HttpEnvironment } from './ports.js';
export { Refusals } from './refusals.js';
export type { HttpServer } from './server.js';

// The packages under these two are larger than all the rest: loaded when there is something to serve.
export const loadHttpServer = async () => (await import('./server.js')).HttpServer;
export const loadApiServer = async () => (await import('./api/api-server.js')).ApiServer;
