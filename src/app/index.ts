export { SrsServer } from './server.js';
