import { distance, type OpenEngine } from './engine.js';

/** HLS by the browser itself: the iPhone has no MediaSource of old. */
export const openNative: OpenEngine = (video, url, onProblem) => {
  const failed = () => onProblem(video.error?.message || 'the stream cannot be played');
  video.addEventListener('error', failed);
  video.src = url;
  return {
    behind: () => distance(video.seekable, video.currentTime),
    stop() {
      video.removeEventListener('error', failed);
      video.removeAttribute('src');
      video.load();
    },
  };
};
