export { RuleGate } from './rule-gate.js';
export { type SignedUse, signedQuery } from './signing.js';
