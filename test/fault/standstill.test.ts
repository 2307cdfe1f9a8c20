import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import WebSocket from 'ws';
import { confOf } from '../support/hook-server.js';
import { clip } from '../support/media.js';
import { withPeers } from '../support/peers.js';
import { until } from '../support/run.js';
import { startSrs } from '../support/srs.js';
import { pause, pushFile } from '../support/streams.js';

withPeers('ffmpeg')('a server that stands still for longer than a publisher may be silent', () => {
  test('as on a suspended machine: it goes on with every publisher', async () => {
    const srs = await startSrs({
      config: confOf(
        'publish { normal_timeout 2000; } http_remux { enabled on; }',
        'http_server { enabled on; listen HTTP_PORT; }',
      ),
    });
    const file = await clip({});
    const encoder = pushFile(file, srs.url('live', 'rtmp'));
    const socket = new WebSocket(`ws://127.0.0.1:${srs.ports.HTTP_PORT}/live/http.flv?publish`);
    await new Promise((open) => socket.once('open', open));
    const flv = readFileSync(file);
    const piece = Math.ceil(flv.length / 200);
    let at = 0;
    const sending = setInterval(() => {
      socket.send(flv.subarray(at, at + piece));
      at += piece;
    }, 50);
    try {
      await until('both publish', () => srs.log().split('publish started').length > 2);
      await pause(1000); // until the first packets are there another timeout counts
      process.kill(srs.pid, 'SIGSTOP');
      await pause(4000);
      process.kill(srs.pid, 'SIGCONT');
      await pause(1500);
      expect(srs.log()).not.toMatch(/did not send|publish ended/);
      expect(encoder.child.exitCode).toBeNull();
      expect(socket.readyState).toBe(WebSocket.OPEN);
    } finally {
      clearInterval(sending);
      socket.close();
    }
  });
});
