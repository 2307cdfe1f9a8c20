export { Edges } from './edge/edges.js';
export { IngestGate } from './ingest/ingest-gate.js';
export { checkFile } from './ingest/ingest-input.js';
export { Ingests, isTaken } from './ingest/ingests.js';
export { wantedIngests } from './ingest/wanted-ingests.js';
