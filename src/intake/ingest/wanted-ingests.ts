import { type Config, type EngineConfig, fillIngestOutput, type IngestConfig } from '../../config/index.js';
import type { Seconds } from '../../core/index.js';

/** One ffmpeg of an ingest, with all that it depends on: where that changes, it is started anew. */
export interface WantedIngest {
  readonly vhost: string;
  readonly ingest: string;
  readonly ffmpeg: string;
  readonly stallTimeout: Seconds;
  readonly input: IngestConfig['input'];
  /** As it is to run. */
  readonly engine: EngineConfig;
  /** Its variables filled in. */
  readonly output: string;
}

/** Every engine of every ingest that a configuration wants to run, by a key of its own. */
export function wantedIngests(config: Config): ReadonlyMap<string, WantedIngest> {
  const wanted = new Map<string, WantedIngest>();
  for (const vhost of config.vhosts.values())
    for (const { name, enabled, ffmpeg, stallTimeout, input, engines } of vhost.ingests.values())
      for (const engine of vhost.enabled && enabled ? engines.values() : [])
        wanted.set(JSON.stringify([vhost.name, name, engine.name]), {
          vhost: vhost.name,
          ingest: name,
          ffmpeg,
          stallTimeout,
          input,
          engine: runnable(engine),
          output: fillIngestOutput(engine.output, vhost.name, config),
        });
  return wanted;
}

/** An engine that is off, or lacks a codec, copies; of one that is off nothing else counts (spec/media.md §2). */
function runnable(engine: EngineConfig): EngineConfig {
  const copied = { vcodec: 'copy', acodec: 'copy' };
  if (!engine.enabled)
    return { ...engine, ...copied, perfile: [], vfilter: [], vparams: [], aparams: [], iformat: 'off', oformat: 'flv' };
  return engine.vcodec === '' || engine.acodec === '' ? { ...engine, ...copied } : engine;
}
