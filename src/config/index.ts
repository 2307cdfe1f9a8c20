export type { ListenAddress } from './address.js';
export { dumpConfig, dumpSettings } from './dump.js';
export { findVhost, type LoadedConfig, loadConfig, parseConfig } from './load.js';
export { maskUrl } from './mask.js';
export { type Change, planReload, printChange } from './plan.js';
export { printSummary, summarize } from './summary.js';
export { isDestination } from './tables/forward.js';
export type { Config } from './tables/root.js';
export type { VhostConfig } from './tables/vhost.js';
