import type { Config } from './tables/root.js';

/** Variables that only the outputs of a transcode have. */
const UNKNOWN = /\[(app|stream|param|engine)\]/;

/** The output of an ingest's engine: `[vhost]` is the name of the block, `[port]` the first port of `listen` (spec/config.md §7). */
export const fillIngestOutput = (output: string, vhost: string, { listen }: Pick<Config, 'listen'>): string =>
  output.replaceAll('[vhost]', () => vhost).replaceAll('[port]', String(listen[0]?.port ?? 1935));

/** A variable in an output that stands for nothing there. */
export const unknownVariable = (output: string): string | undefined => UNKNOWN.exec(output)?.[0];
