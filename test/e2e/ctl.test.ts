import { join } from 'node:path';
import { assert, describe, test } from 'vitest';
import { freePort } from '../support/free-port.js';
import { confOf } from '../support/hook-server.js';
import { rewrite } from '../support/reload.js';
import { background, run, until } from '../support/run.js';
import { type Srs, startSrs } from '../support/srs.js';
import { publish, record } from '../support/streams.js';
import { feed } from '../support/synthetic.js';

const program = join(import.meta.dirname, '../../dist/srs.mjs');

/** Whoever publishes here sends a second of media, and is there while the commands run. */
const config = confOf(
  'publish { normal_timeout 60000; }',
  'http_api { enabled on; listen 127.0.0.1:API_PORT; read_token r; write_token w; }',
);

const urlOf = (srs: Srs): string => `http://127.0.0.1:${srs.ports.API_PORT}`;
const ctl = (srs: Srs, args: string[], token = 'w') =>
  run(process.execPath, [program, 'ctl', ...args], {
    env: { ...process.env, SRSCTL_API: urlOf(srs), SRSCTL_TOKEN: token },
  });

describe('srs ctl', () => {
  test('streams, clients, stats, kick and reload, as text and as JSON', { timeout: 60_000 }, async () => {
    const srs = await startSrs({ config });
    const publisher = await publish(`${srs.url('live', 'show')}?token=hidden`);
    const players = [await record(srs.url('live', 'show')), await record(srs.url('live', 'show'))];
    await feed(publisher, { frames: 30 });
    await players[0]?.until('frames', (m) => m.length > 30);

    const streams = await ctl(srs, ['streams'], 'r');
    assert.match(streams.stdout, /^STREAM +ID +PUBLISHER/);
    assert.match(streams.stdout, /^live\/show +vid-\w+ +127\.0\.0\.1 +00:00:\d\d +H264 25 fps +AAC \d+ Hz .* 2 +0$/m);
    const clients = JSON.parse((await ctl(srs, ['clients', '--json'])).stdout) as { id: string; type: string }[];
    assert.equal(clients.length, 3);
    const table = (await ctl(srs, ['clients'])).stdout;
    for (const { id } of clients) assert.include(table, id);
    assert.notInclude(table + streams.stdout, 'hidden');
    assert.match((await ctl(srs, ['stats'])).stdout, /^srs [\d.]+, pid \d+, up 00:00:\d\d\nconnections 3, in /);

    const player = clients.find(({ type }) => type === 'Play') ?? assert.fail();
    assert.equal((await ctl(srs, ['kick', player.id])).stdout, 'kicked\n');
    await until('one player is gone', () => players.filter((one) => one.closed()).length === 1);
    assert.equal((await ctl(srs, ['kick', 'live/show', '--viewers'])).stdout, '1 kicked\n');
    await until('both players are gone', () => players.every((one) => one.closed()));
    assert.equal((await ctl(srs, ['kick', 'live/show', '--publisher'])).stdout, 'kicked\n');
    assert.equal((await ctl(srs, ['clients'])).stdout, 'no clients\n');
    assert.equal((await ctl(srs, ['reload'])).stdout, 'nothing changed\n');
    const more = await freePort();
    rewrite(srs, (text) => `server_id me;\n${text.replace(/^listen .*;/m, `listen 127.0.0.1:${more};`)}`);
    assert.equal(
      (await ctl(srs, ['reload'])).stdout,
      `listen: 0.0.0.0:${srs.port} → 127.0.0.1:${more}\nserver_id: "" → me\nwarning: server_id changes only with a restart\n`,
    );
    const snapshot = await ctl(srs, ['top']);
    assert.match(snapshot.stdout, /^srs [^\n]*\n(.*\n)+/);

    for (const [args, token, says] of [
      [['kick', 'nobody'], 'w', /no such client.*API_NOT_FOUND/],
      [['kick', 'live/show'], 'w', /^live\/show is a stream: add --publisher or --viewers$/],
      [['kick', 'vid-0123456789ab'], 'w', /--publisher or --viewers/],
      [['kick', 'live/other', '--viewers'], 'w', /there is no stream live\/other/],
      [['streams'], '', /API_REFUSED\): set SRSCTL_TOKEN to the read_token or write_token of its http_api/],
      [['reload'], '', /API_REFUSED\): set SRSCTL_TOKEN to the write_token of its http_api/],
      [['streams'], 'wrong', /API_REFUSED\): SRSCTL_TOKEN or --token is not the read_token or write_token/],
      [['kick', 'x'], 'r', /API_REFUSED\): SRSCTL_TOKEN or --token is not the write_token/],
      [['streams', '--api', 'nonsense'], 'w', /is no URL/],
      [['streams', '--api', `http://127.0.0.1:${await freePort()}`], 'w', /no answer from .*ECONNREFUSED/],
      [['streams', '--api', `http://127.0.0.1:${more}`], 'w', /no answer from|does not answer/],
    ] as [string[], string, RegExp][]) {
      const end = await ctl(srs, args, token);
      assert.deepEqual([end.code, end.stdout], [1, ''], args.join(' '));
      assert.match(end.stderr.trimEnd(), says);
      assert.notInclude(end.stderr.trimEnd(), '\n');
    }
  });

  test('forwards, edges and ingests, with why they failed last', { timeout: 60_000 }, async () => {
    const api = 'http_api { enabled on; listen 127.0.0.1:API_PORT; write_token w; }';
    const nowhere = await freePort();
    const origin = await startSrs({ config: confOf(`forward { enabled on; destination 127.0.0.1:${nowhere}; }`, api) });
    const ingest =
      'ingest camera { enabled on; input { type file; url /nowhere.flv; } ffmpeg ffmpeg; engine { output rtmp://127.0.0.1:[port]/live?vhost=[vhost]/camera; } }';
    const edge = await startSrs({
      config: confOf(
        `cluster { mode remote; origin 127.0.0.1:${origin.port}; }`,
        `${api} vhost ingests.example { ${ingest} }`,
      ),
    });
    for (const [command, none] of [
      ['forwards', 'no forwards\n'],
      ['edges', 'no streams of an edge\n'],
    ] as const)
      assert.equal((await ctl(edge, [command])).stdout, none);

    const publisher = await publish(origin.url('live', 'show'));
    await feed(publisher, { frames: 30 });
    const player = await record(edge.url('live', 'show'));
    await player.until('frames', (m) => m.length > 10);
    assert.match(
      (await ctl(edge, ['edges'])).stdout,
      /^live\/show +pull +rtmp:\/\/127\.0\.0\.1:\d+\/live\/show +live +00:00:\d\d +[\d.]+ k?B +0 +-$/m,
    );
    let table = '';
    await until('the forward has failed', async () => {
      table = (await ctl(origin, ['forwards'])).stdout;
      return table.includes('ECONNREFUSED');
    });
    assert.match(table, /^live\/show +f1 +rtmp:\/\/127\.0\.0\.1:\d+\/live\S* +(retrying|connecting) /m);
    await until('the ingest has failed', async () => {
      table = (await ctl(edge, ['ingests'])).stdout;
      return table.includes('cannot ingest /nowhere.flv: no such file');
    });
    assert.match(table, /^camera +- +\/nowhere\.flv +- +waiting +00:00:\d\d +0 +0x +\d+ /m);
    const [known] = JSON.parse((await ctl(edge, ['ingests', '--json'])).stdout) as { ingest: string }[];
    assert.equal(known?.ingest, 'camera');
  });

  test('top in a terminal: it draws, follows what changes, and q restores the screen', async () => {
    const srs = await startSrs({ config });
    const command = `${process.execPath} ${program} ctl --api ${urlOf(srs)} top`;
    const terminal = background('script', ['-qefc', `stty rows 24 cols 120; ${command}`, '/dev/null'], {
      stdin: 'pipe',
      env: { ...process.env, SRSCTL_TOKEN: 'r', TERM: 'xterm' },
    });
    await until('it draws', () => terminal.log().includes('no streams'));
    assert.include(terminal.log(), '\u001b[?1049h');
    const publisher = await publish(srs.url('live', 'show'));
    await feed(publisher, { frames: 5 });
    await until('the stream appears', () => terminal.log().includes('live/show'));
    terminal.child.stdin?.write('q');
    assert.equal((await terminal.ended).code, 0);
    assert.isTrue(terminal.log().trimEnd().endsWith('\u001b[?25h\u001b[?1049l'));
  });
});
