import type { EngineConfig } from './tables/engine.js';

/** What is wrong with an engine: the directive that is to blame, and words that go on after its name. */
export interface EngineFault {
  readonly path: string;
  readonly text: string;
}

/** Why no ffmpeg can run an engine that is enabled (spec/media.md §1.3). */
export function engineFault({ vcodec, acodec, abitrate, output }: EngineConfig): EngineFault | undefined {
  if (vcodec === 'vn' && acodec === 'an') return { path: '/acodec', text: ' has neither video nor audio' };
  if (acodec === 'libaacplus' && (abitrate < 16 || abitrate > 72))
    return { path: '/abitrate', text: ': libaacplus needs an abitrate of 16 to 72' };
  if (output === '') return { path: '/output', text: ' needs an output' };
  return undefined;
}
