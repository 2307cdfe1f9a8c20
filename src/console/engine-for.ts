import type { Protocol } from './addresses.js';
import type { OpenEngine } from './engine.js';

/** Loads the code for a protocol, which is no part of the page before somebody plays. */
export async function engineFor(protocol: Protocol, video: HTMLVideoElement): Promise<OpenEngine> {
  if (protocol !== 'hls') return (await import('./flv-engine.js')).openFlv;
  if ('MediaSource' in window || 'ManagedMediaSource' in window) return (await import('./hls-engine.js')).openHls;
  if (video.canPlayType('application/vnd.apple.mpegurl') === '') throw new Error('this browser cannot play HLS');
  return (await import('./native-engine.js')).openNative;
}
