import Hls from 'hls.js';
import type { OpenEngine } from './engine.js';
import { Recovery } from './recovery.js';

/** Media errors that follow each other sooner are not cured by another decoder. */
const RECOVERY_HOLDS_MS = 10_000;

/** HLS by hls.js. No worker: it would be made from a blob, which the page's security policy refuses. */
export const openHls: OpenEngine = (video, url, onProblem) => {
  const hls = new Hls({ enableWorker: false, backBufferLength: 30 });
  const recovery = new Recovery(RECOVERY_HOLDS_MS);
  hls.on(Hls.Events.ERROR, (_, { fatal, type, details }) => {
    if (!fatal) return;
    if (type === Hls.ErrorTypes.MEDIA_ERROR && recovery.tries(performance.now())) hls.recoverMediaError();
    else onProblem(details);
  });
  hls.loadSource(url);
  hls.attachMedia(video);
  return {
    behind: () => (hls.latency > 0 ? hls.latency : undefined),
    stop: () => hls.destroy(),
  };
};
