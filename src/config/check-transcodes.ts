import { type EngineFault, engineFault } from './engine-fault.js';
import type { Problems } from './problems.js';
import type { Reading } from './read-scope.js';
import type { EngineConfig } from './tables/engine.js';
import type { Config } from './tables/root.js';
import { type Position, show } from './tree.js';

/** Engines that cannot run are told at the start, not when the first encoder comes. */
export function checkTranscodes({ vhosts }: Config, reading: Reading, whole: Position, problems: Problems): void {
  for (const vhost of vhosts.values()) {
    const inVhost = reading.named.get('/vhosts')?.get(vhost.name);
    for (const transcode of vhost.transcodes.values()) {
      if (!transcode.enabled) continue;
      const block = inVhost?.named.get('/transcodes')?.get(transcode.name);
      const at = (inner: Reading | undefined, path: string): Position =>
        (inner?.found.get(path) ?? inner?.found.get('/enabled'))?.directive.at ?? whole;
      if (transcode.ffmpeg === '')
        problems.warn(at(block, '/enabled'), 'transcode names no ffmpeg, so nothing is transcoded');
      for (const engine of transcode.engines.values()) {
        const inEngine = block?.named.get('/engines')?.get(engine.name);
        const fault = engine.enabled ? (codecMissing(engine) ?? engineFault(engine)) : undefined;
        if (fault) problems.error(at(inEngine, fault.path), `engine ${show(engine.name)}`.trimEnd() + fault.text);
      }
    }
  }
}

function codecMissing({ vcodec, acodec }: EngineConfig): EngineFault | undefined {
  if (vcodec === '') return { path: '/vcodec', text: ' needs a vcodec: an encoder, copy or vn' };
  if (acodec === '') return { path: '/acodec', text: ' needs an acodec: an encoder, copy or an' };
  return undefined;
}
