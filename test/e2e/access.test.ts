import { join } from 'node:path';
import { assert, describe, test } from 'vitest';
import { confOf } from '../support/hook-server.js';
import { RawPeer } from '../support/raw-peer.js';
import { run, until } from '../support/run.js';
import { startSrs } from '../support/srs.js';

const program = join(import.meta.dirname, '../../dist/srs.mjs');

/** `srs sign`: what it prints. */
const sign = async (url: string, ...args: string[]): Promise<string> => {
  const { code, stdout, stderr } = await run(process.execPath, [program, 'sign', url, ...args]);
  assert.equal(code, 0, stderr);
  return stdout.trim();
};

const started = { play: 'onStatus NetStream.Play.Start', publish: 'onStatus NetStream.Publish.Start' };
const refused = { play: 'onStatus NetStream.Play.StreamNotFound', publish: 'onStatus NetStream.Publish.Denied' };

/** @returns 'started', or why not. */
async function attempt(port: number, use: 'play' | 'publish', name: string): Promise<string> {
  const peer = await RawPeer.connected(port);
  peer.say(use, name);
  const outcome = await Promise.race([
    peer.said(started[use]).then(() => 'started'),
    peer.gone().then(() => String(peer.info(refused[use]).get('description'))),
  ]);
  peer.close();
  return outcome;
}

describe('signed URLs', () => {
  test('only the right link opens the stream, for what and as long as it is good', async () => {
    const srs = await startSrs({ config: confOf('sign { secret s3cret; publish on; play on; }') });
    const nameOf = (url: string) => url.slice(url.lastIndexOf('/') + 1);
    const signed = async (stream: string, ...args: string[]) =>
      nameOf(await sign(srs.url('live', stream), '--secret', 's3cret', ...args));

    const any = await signed('s');
    const play = await signed('s', '--for', 'play');
    const wrong = 'the signature of the URL is not valid';
    assert.equal(await attempt(srs.port, 'play', any), 'started');
    assert.equal(await attempt(srs.port, 'publish', any), 'started');
    assert.equal(await attempt(srs.port, 'play', play), 'started');
    assert.equal(await attempt(srs.port, 'publish', play), wrong);
    assert.equal(await attempt(srs.port, 'play', play.replace(/^s/, 'other')), wrong);
    assert.equal(await attempt(srs.port, 'play', play.replace(/expire=\d/, 'expire=9')), wrong);
    assert.equal(await attempt(srs.port, 'play', nameOf(await sign(srs.url('live', 's'), '--secret', 'guess'))), wrong);
    assert.equal(await attempt(srs.port, 'play', 's'), 'a signed URL is needed to play');
    const short = await signed('s', '--expire', '1');
    await new Promise((resolve) => setTimeout(resolve, 2100));
    assert.equal(await attempt(srs.port, 'play', short), 'the URL has expired');
    const fromFile = nameOf(await sign(srs.url('live', 's'), '-c', srs.configFile));
    assert.equal(await attempt(srs.port, 'play', fromFile), 'started');
    assert.notMatch(srs.log(), /[0-9a-f]{64}/);
  });
});

test('security: an address that may play may not publish', async () => {
  const srs = await startSrs({
    config: confOf('security { enabled on; allow play all; allow publish 10.0.0.0/8; }'),
  });
  assert.equal(await attempt(srs.port, 'play', 's'), 'started');
  assert.equal(await attempt(srs.port, 'publish', 's'), 'this address may not publish');
  const told =
    /"peer":"127\.0\.0\.1:\d+","protocol":"rtmp","stream":"[^"]*\/s","code":"ADDRESS_DENIED"[^\n]*client refused/;
  await until('the log says why', () => told.test(srs.log()));
});

test('refer: the old spelling, by the page that the client reports', async () => {
  const srs = await startSrs({ config: confOf('refer example.com;') });
  const outcome = async (pageUrl: string) => {
    const peer = await RawPeer.shaken(srs.port);
    peer.connect({ tcUrl: `rtmp://127.0.0.1:${srs.port}/live`, app: 'live', pageUrl });
    const heard = await Promise.race([
      peer.said('_result NetConnection.Connect.Success').then(() => 'yes'),
      peer.gone().then(() => 'no'),
    ]);
    peer.close();
    return heard;
  };
  assert.equal(await outcome('http://www.example.com/x'), 'yes');
  assert.equal(await outcome('http://badexample.com/x'), 'no');
  assert.equal(await outcome(''), 'no');
});

test('refer { all }: over HTTP as over RTMP, to play and to publish', async () => {
  const srs = await startSrs({
    config: confOf(
      'refer { all example.com; play www.example.com; } http_remux { enabled on; wait 0; }',
      'http_server { enabled on; listen HTTP_PORT; }',
    ),
  });
  const status = async (path: string, referer: string, method = 'GET') => {
    const url = `http://127.0.0.1:${srs.ports.HTTP_PORT}${path}`;
    const body = method === 'POST' ? { body: 'FLV' } : {};
    return (await fetch(url, { method, headers: { referer }, ...body })).status;
  };
  assert.equal(await status('/live/s.flv', 'http://www.example.com/x'), 404);
  assert.equal(await status('/live/s.flv', 'http://example.com/x'), 403);
  assert.equal(await status('/live/s.flv', 'http://badexample.com/x'), 403);
  assert.equal(await status('/live/s.flv', ''), 403);
  assert.equal(await status('/live/s.flv', 'http://example.com/x', 'POST'), 400);
  assert.equal(await status('/live/s.flv', '', 'POST'), 403);
});

test('max_viewers: one too many is refused, and a place that becomes free is given again', async () => {
  const srs = await startSrs({ config: confOf('play { max_viewers 2; }') });
  const first = await RawPeer.playing(srs.port, 's');
  await RawPeer.playing(srs.port, 's');
  assert.equal(await attempt(srs.port, 'play', 's'), 'the stream has as many viewers as it may have');
  assert.equal(await attempt(srs.port, 'play', 'other'), 'started');
  first.close();
  await first.gone();
  let outcome = '';
  for (let i = 0; i < 20 && outcome !== 'started'; i++) outcome = await attempt(srs.port, 'play', 's');
  assert.equal(outcome, 'started');
});
