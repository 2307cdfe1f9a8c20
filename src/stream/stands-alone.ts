import type { Frame, Ms } from '../core/index.js';

/** Frames that make sense without a key frame before them. */
export const standsAlone = (frame: Frame): boolean =>
  frame.kind !== 'video' || frame.role === 'config' || frame.role === 'meta';

/** A stream with more messages than the interval lets through would queue for ever: on to its newest key frame. */
export function withinLag(frames: Frame[], maxLag: Ms): Frame[] {
  const oldest = frames[0];
  const newest = frames.at(-1);
  if (oldest === undefined || newest === undefined || newest.dts - oldest.dts <= maxLag) return frames;
  const key = frames.findLastIndex((frame) => frame.kind === 'video' && frame.role === 'key');
  if (key <= 0) return frames.filter(standsAlone).slice(-1);
  return [...frames.slice(0, key).filter(({ role }) => role === 'config'), ...frames.slice(key)];
}
