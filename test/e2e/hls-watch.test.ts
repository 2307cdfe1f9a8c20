import { expect, test } from 'vitest';
import { clip } from '../support/media.js';
import { withPeers } from '../support/peers.js';
import { PlaylistWatch } from '../support/playlist-watch.js';
import { run, until } from '../support/run.js';
import { startSrs } from '../support/srs.js';

const config = `
listen PORT;
pid DIR/srs.pid;
srs_log_tank console;
http_server { enabled on; listen HTTP_PORT; }
vhost __defaultVhost__ {
  hls { enabled on; hls_fragment 1; hls_window 6; }
  publish { grace 30; }
}
`;
const PUBLISHES = 20;
/** Each pushed for so long, in real time: longer than one group of pictures. */
const SECONDS = 2.5;

withPeers('ffmpeg')('a live playlist, watched all the time', () => {
  test(`${PUBLISHES} publishes by ffmpeg, each of another kind: what was once listed stays what it is, one discontinuity each`, {
    timeout: 240_000,
  }, async () => {
    const srs = await startSrs({ config });
    const clips = await Promise.all(
      (
        [
          { bFrames: 2 },
          { size: '320x180' },
          { video: 'none' },
          { gop: 1000 }, // no key frame but the first
          { audio: 'none' },
          { video: 'none', audio: 'mp3' },
          {},
        ] as const
      ).map((options) => clip({ seconds: 12, ...options })),
    );
    const watch = new PlaylistWatch(`http://127.0.0.1:${srs.ports.HTTP_PORT}/live/watched.m3u8`);
    let isOver = false;
    const watching = watch.run(() => isOver);
    for (let i = 0; i < PUBLISHES; i++) {
      const file = clips[i % clips.length] as string;
      const args = ['-v', 'error', '-re', '-i', file, '-t', `${SECONDS}`, '-c', 'copy', '-f', 'flv'];
      const { code, stderr } = await run('ffmpeg', [...args, srs.url('live', 'watched')]);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    }
    await until('the last one is listed', () => watch.discontinuities >= PUBLISHES - 1);
    isOver = true;
    await watching;
    expect(watch.faults).toEqual([]);
    expect(watch.discontinuities).toBe(PUBLISHES - 1);
    const listed = [...watch.segments.values()];
    // All that was pushed is in it, but for what the last publish holds back for its grace.
    const seconds = listed.reduce((sum, { duration }) => sum + duration, 0);
    expect(seconds).toBeGreaterThan((PUBLISHES - 1) * SECONDS);
    expect(seconds).toBeLessThan(PUBLISHES * (SECONDS + 0.5));
    expect((await srs.stop()).code).toBe(0);
  });
});
