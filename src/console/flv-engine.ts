import mpegts from 'mpegts.js';
import { CodecWatch } from './codec-watch.js';
import { distance, type OpenEngine } from './engine.js';

const CODEC = 'This browser cannot decode the stream';

/** FLV over HTTP or WebSocket by mpegts.js; a lag grown by a stalled network is caught up at a higher speed. */
export const openFlv: OpenEngine = (video, url, onProblem) => {
  if (!mpegts.isSupported()) throw new Error('this browser cannot play FLV');
  mpegts.LoggingControl.enableAll = false;
  const player = mpegts.createPlayer(
    { type: 'flv', isLive: true, url },
    {
      enableWorker: false,
      enableStashBuffer: false,
      lazyLoad: false,
      liveSync: true,
      liveSyncMaxLatency: 1.5,
      liveSyncTargetLatency: 0.8,
      autoCleanupSourceBuffer: true,
    },
  );
  // Not at once: mpegts.js throws when it is destroyed in the middle of a segment.
  const tell = (what: string) => void setTimeout(onProblem, 0, what);
  player.on(mpegts.Events.ERROR, (type: string, detail: string) =>
    tell(detail === mpegts.ErrorDetails.MEDIA_CODEC_UNSUPPORTED ? CODEC : `${type}: ${detail}`),
  );
  player.on(mpegts.Events.LOADING_COMPLETE, () => tell('the stream has ended'));
  const codecs = new CodecWatch();
  player.on(mpegts.Events.MEDIA_INFO, (info: { videoCodec?: string; audioCodec?: string }) => {
    if (codecs.changes(info)) tell('the codec has changed');
  });
  player.attachMediaElement(video);
  player.load();
  return { behind: () => distance(video.buffered, video.currentTime), stop: () => player.destroy() };
};
