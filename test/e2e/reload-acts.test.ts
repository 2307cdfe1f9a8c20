import { readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { say, startHooks } from '../support/hook-server.js';
import { clip } from '../support/media.js';
import { withPeers } from '../support/peers.js';
import { RawPeer } from '../support/raw-peer.js';
import { run, until } from '../support/run.js';
import { type Srs, startSrs } from '../support/srs.js';
import { isConfig, pushFile, type Recording, record } from '../support/streams.js';

const base = `
# root
listen PORT;
pid DIR/srs.pid;
srs_log_tank console;
http_server { enabled on; listen HTTP_PORT; }
http_api {
  # http_api
  enabled on; listen 127.0.0.1:API_PORT;
}
vhost __defaultVhost__ {
  # vhost
  hls {
    # hls
    enabled on; hls_fragment 1;
  }
}
`;

/** What a change does to who comes afterwards. `undone` must see the first state again. */
interface Act {
  readonly marker: string;
  readonly directive: string;
  readonly probe: (srs: Srs) => Promise<unknown>;
  readonly plain: unknown;
  readonly changed: unknown;
}

const url = (srs: Srs) => srs.url('live', 'acts');

/** `ok`, or how the server refused a player. */
async function play(srs: Srs, query = ''): Promise<string> {
  try {
    const player = await record(url(srs) + query);
    await player.until('frames', () => player.media().length > 0);
    player.client.close();
    return 'ok';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

async function chunkSize(srs: Srs): Promise<string | undefined> {
  const peer = await RawPeer.playing(srs.port, 'acts');
  const told = peer.story.findLast((line) => line.startsWith('setChunkSize'));
  peer.close();
  return told;
}

const api = (srs: Srs) =>
  fetch(`http://127.0.0.1:${srs.ports.API_PORT}/api/v1/streams`).then(async (reply) => {
    await reply.arrayBuffer();
    return reply.status;
  });

async function playlist(srs: Srs, path = '/live/acts.m3u8'): Promise<string> {
  const reply = await fetch(`http://127.0.0.1:${srs.ports.HTTP_PORT}${path}`);
  return reply.status === 200 ? reply.text() : String(reply.status);
}

/** Whether the server keeps one more connection beside the publisher and the watching player. */
const anotherConnection = (srs: Srs): Promise<string> =>
  new Promise((resolve) => {
    const socket = connect(srs.port, '127.0.0.1');
    const kept = setTimeout(() => socket.destroy(), 400);
    socket
      .on('error', () => undefined)
      .on('close', () => resolve(socket.readableEnded || socket.errored ? 'closed' : 'kept'));
    socket.on('end', () => clearTimeout(kept)).resume();
  });

async function reload(srs: Srs, text: string): Promise<void> {
  writeFileSync(srs.configFile, text);
  const before = srs.log().length;
  srs.signal('SIGHUP');
  await until('the reload is done', () => srs.log().slice(before).includes('configuration reloaded'));
}

const framesOf = (player: Recording) => () => player.messages.filter((m) => m.kind === 'video' && !isConfig(m));

withPeers('ffmpeg')('what a reload changes acts, and is undone by the next', () => {
  test('guards, tokens, limits and outputs, under a live stream', { timeout: 120_000 }, async () => {
    const [first, second] = [await startHooks(), await startHooks({ on_play: say('{"code":9,"reason":"not you"}') })];
    const srs = await startSrs({ config: base });
    const publisher = pushFile(await clip(), url(srs));
    await until('the stream is live', () => srs.log().includes('live/acts'));
    const watcher = await record(url(srs));
    const frames = framesOf(watcher);
    await watcher.until('the first frames', () => frames().length > 5);

    const secret = 's3cret';
    const signed = async () => {
      const program = join(import.meta.dirname, '../../dist/srs.mjs');
      const { stdout } = await run(process.execPath, [program, 'sign', url(srs), '--secret', secret]);
      return stdout.trim().slice(url(srs).length);
    };
    const acts: readonly Act[] = [
      {
        marker: '# vhost',
        directive: `http_hooks { enabled on; on_play ${second.url}; }`,
        probe: (s) => play(s),
        plain: 'ok',
        changed: expect.stringContaining('not you'),
      },
      {
        marker: '# vhost',
        directive: `http_hooks { enabled on; on_play ${first.url}; hook_secret k; }`,
        probe: async (s) => [await play(s), first.of('on_play').length > 0],
        plain: ['ok', false],
        changed: ['ok', true],
      },
      {
        marker: '# vhost',
        directive: `sign { secret ${secret}; play on; }`,
        probe: async (s) => [await play(s), await play(s, await signed())],
        plain: ['ok', 'ok'],
        changed: [expect.stringContaining('signed URL is needed'), 'ok'],
      },
      {
        marker: '# vhost',
        directive: 'refer { play example.com; }',
        probe: (s) => play(s),
        plain: 'ok',
        changed: expect.stringMatching(/refused|page|allowed/),
      },
      {
        marker: '# vhost',
        directive: 'security { enabled on; allow publish all; }',
        probe: (s) => play(s),
        plain: 'ok',
        changed: expect.stringContaining('play'),
      },
      {
        marker: '# vhost',
        directive: 'play { max_viewers 1; }',
        probe: (s) => play(s),
        plain: 'ok',
        changed: expect.stringContaining('the stream has as many'),
      },
      { marker: '# http_api', directive: 'read_token t;', probe: api, plain: 200, changed: 401 },
      {
        marker: '# root',
        directive: 'chunk_size 4096;',
        probe: chunkSize,
        plain: 'setChunkSize 60000',
        changed: 'setChunkSize 4096',
      },
      {
        marker: '# root',
        directive: 'max_connections_per_address 2;',
        probe: anotherConnection,
        plain: 'kept',
        changed: 'closed',
      },
      {
        marker: '# hls',
        directive: 'hls_window 2;',
        probe: async (s) => (await playlist(s)).split('#EXTINF').length > 5,
        plain: true,
        changed: false,
      },
      {
        marker: '# hls',
        directive: 'enabled off;',
        probe: async (s) => (await playlist(s)).slice(0, 7),
        plain: '#EXTM3U',
        changed: '404',
      },
    ];

    const plain = readFileSync(srs.configFile, 'utf8');
    for (const { marker, directive, probe, plain: before, changed } of acts) {
      await expect.poll(() => probe(srs), { timeout: 15_000, message: `before ${directive}` }).toEqual(before);
      await reload(srs, plain.replace(marker, directive));
      await expect.poll(() => probe(srs), { timeout: 15_000, message: directive }).toEqual(changed);
      await reload(srs, plain);
      first.calls.splice(0);
      await expect.poll(() => probe(srs), { timeout: 15_000, message: `without ${directive}` }).toEqual(before);
    }

    const count = frames().length;
    await watcher.until('the stream goes on', () => frames().length > count + 10);
    expect(watcher.closed()).toBe(false);
    expect(publisher.child.exitCode).toBeNull();
    const steps = frames().flatMap((m, i, all) => (i === 0 ? [] : [m.timestamp - (all[i - 1]?.timestamp ?? 0)]));
    expect(steps.filter((step) => step < 0 || step > 79)).toEqual([]);
  });
});
