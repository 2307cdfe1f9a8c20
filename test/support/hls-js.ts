import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import type { Page } from 'playwright-core';

/** What a viewer sees of hls.js. */
export interface HlsJsState {
  /** Seconds. */
  readonly time: number;
  readonly frames: number;
  /** Only what it does not get over by itself. */
  readonly errors: string[];
}

/** Serves a page on which hls.js plays a playlist, as its makers' example does. @param more script for `hls` and `video`. */
export async function hlsJsPage(playlist: string, more = ''): Promise<{ readonly url: string; close(): void }> {
  const script = await readFile(createRequire(import.meta.url).resolve('hls.js/dist/hls.min.js'));
  const html = `<!doctype html><video muted autoplay></video><script src="hls.js"></script><script>
    window.errors = []; const hls = new Hls();
    hls.on(Hls.Events.ERROR, (_, e) => { if (e.fatal) window.errors.push(e.details); });
    const video = document.querySelector('video');
    hls.loadSource(${JSON.stringify(playlist)}); hls.attachMedia(video);
    ${more}
  </script>`;
  const server = createServer((request, reply) => void reply.end(request.url === '/hls.js' ? script : html));
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, close: () => server.close() };
}

export const hlsJsState = (page: Page): Promise<HlsJsState> =>
  page.evaluate(`(() => { const video = document.querySelector('video');
    const frames = video.getVideoPlaybackQuality().totalVideoFrames;
    return { time: video.currentTime, frames, errors: video.error ? [...errors, video.error.message] : errors }; })()`);
