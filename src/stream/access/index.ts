export { PassGate } from './pass-gate.js';
export { Passes, withPass } from './passes.js';
export { RuleGate } from './rule-gate.js';
export { type SignedUse, signedQuery } from './signing.js';
