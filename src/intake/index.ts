export type { EdgeStatus } from './edge/edge-status.js';
export { Edges } from './edge/edges.js';
