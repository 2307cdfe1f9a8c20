export { Edges } from './edge/edges.js';
