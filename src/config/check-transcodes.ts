import type { Problems } from './problems.js';
import type { Reading } from './read-scope.js';
import type { Config } from './tables/root.js';
import type { EngineConfig } from './tables/transcode.js';
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
        const fault = engine.enabled ? faultIn(engine) : undefined;
        if (fault) problems.error(at(inEngine, fault.path), `engine ${show(engine.name)}`.trimEnd() + fault.text);
      }
    }
  }
}

function faultIn({ vcodec, acodec, abitrate, output }: EngineConfig): { path: string; text: string } | undefined {
  if (vcodec === '') return { path: '/vcodec', text: ' needs a vcodec: an encoder, copy or vn' };
  if (acodec === '') return { path: '/acodec', text: ' needs an acodec: an encoder, copy or an' };
  if (vcodec === 'vn' && acodec === 'an') return { path: '/acodec', text: ' has neither video nor audio' };
  if (acodec === 'libaacplus' && (abitrate < 16 || abitrate > 72))
    return { path: '/abitrate', text: ': libaacplus needs an abitrate of 16 to 72' };
  if (output === '') return { path: '/output', text: ' needs an output' };
  return undefined;
}
