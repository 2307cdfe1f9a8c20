export * from './destination.js';
export { leadsBack } from './loop.js';
export type { PushStatus } from './push-status.js';
export { type PushEnvironment, PushTask } from './push-task.js';
export { Turns } from './turns.js';
export { upstreamIdentity } from './upstream-identity.js';
