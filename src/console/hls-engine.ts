import Hls from 'hls.js';
import type { OpenEngine } from './engine.js';

/** HLS by hls.js. No worker: it would be made from a blob, which the page's security policy refuses. */
export const openHls: OpenEngine = (video, url, onProblem) => {
  const hls = new Hls({ enableWorker: false, backBufferLength: 30 });
  hls.on(Hls.Events.ERROR, (_, { fatal, type, details }) => {
    if (!fatal) return;
    if (type === Hls.ErrorTypes.MEDIA_ERROR) hls.recoverMediaError();
    else onProblem(details);
  });
  hls.loadSource(url);
  hls.attachMedia(video);
  return {
    behind: () => (hls.latency > 0 ? hls.latency : undefined),
    stop: () => hls.destroy(),
  };
};
