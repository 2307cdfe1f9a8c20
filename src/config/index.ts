export type { ListenAddress } from './address.js';
export { findVhost, type LoadedConfig, loadConfig, parseConfig } from './load.js';
export { type Change, planReload, printChange } from './plan.js';
export type { Config } from './tables/root.js';
export type { VhostConfig } from './tables/vhost.js';
