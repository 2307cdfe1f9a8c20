export { ApiServer } from './api/api-server.js';
export type { Readiness } from './api/routes/health-routes.js';
export { EventFeed } from './events/event-feed.js';
export { HookGate } from './hooks/hook-gate.js';
export { HttpServer } from './server.js';
