import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { assert, describe, expect, test } from 'vitest';
import { type Family, parseExposition } from '../support/exposition.js';
import { allHooks, confOf, say, startHooks } from '../support/hook-server.js';
import { RawPeer } from '../support/raw-peer.js';
import { until } from '../support/run.js';
import { type Srs, startSrs } from '../support/srs.js';
import { publish, record } from '../support/streams.js';
import { feed } from '../support/synthetic.js';

const docs = join(import.meta.dirname, '../../docs');

async function scrape(srs: Srs): Promise<Map<string, Family>> {
  const reply = await fetch(`http://127.0.0.1:${srs.ports.API_PORT}/metrics`, {
    headers: { authorization: 'Bearer r' },
  });
  assert.equal(reply.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8');
  return parseExposition(await reply.text());
}

const readingOf = (
  families: Map<string, Family>,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number => {
  const found = families
    .get(name.replace(/_(bucket|sum|count)$/, (part) => (families.has(name) ? part : '')))
    ?.series.find(
      (one) => one.name === name && Object.entries(labels).every(([key, value]) => one.labels[key] === value),
    );
  return found?.value ?? Number.NaN;
};

/** Names of metrics in an expression of PromQL or a file full of them. */
const named = (text: string): string[] => text.match(/\b(?:srs|process|nodejs)_[a-z0-9_]+/g) ?? [];

describe('metrics', () => {
  test('every number is the true one, in the text format of Prometheus', async () => {
    const hooks = await startHooks({
      on_play: (call, response, request) => say(call.body.stream === 'no' ? '1' : '0')(call, response, request),
    });
    const srs = await startSrs({
      config: confOf(
        `publish { grace 1; } ${allHooks(hooks.url)}`,
        'max_connections 50; http_api { enabled on; listen 127.0.0.1:API_PORT; read_token r; }',
      ),
    });
    assert.equal((await fetch(`http://127.0.0.1:${srs.ports.API_PORT}/metrics`)).status, 401);
    const name = 'a"quoted"näme';
    const publisher = await publish(`${srs.url('live', name)}?token=hidden`);
    const players = [await record(srs.url('live', name)), await record(srs.url('live', name))];
    await feed(publisher, { frames: 26 });
    for (const player of players) await player.until('all frames', () => player.media().length === 52);
    await RawPeer.playing(srs.port, 'guess1');
    const refused = await RawPeer.connected(srs.port);
    refused.play('no');
    await refused.said('onStatus NetStream.Play.StreamNotFound');
    await until('its end is told', () => hooks.of('on_close').length === 1);

    const [first, twin] = await Promise.all([scrape(srs), scrape(srs)]);
    assert.deepEqual([...first.keys()], [...twin.keys()]);
    const stream = { vhost: '__defaultVhost__', app: 'live', stream: name };
    const expected: [string, Record<string, string>, number][] = [
      ['srs_ready', {}, 1],
      ['srs_connections', {}, 4],
      ['srs_connections_max', {}, 50],
      ['srs_clients', { protocol: 'rtmp', role: 'publish' }, 1],
      ['srs_clients', { protocol: 'rtmp', role: 'play' }, 3],
      ['srs_streams', {}, 1],
      ['srs_streams_omitted', {}, 0],
      ['srs_vhost_clients', { vhost: '__defaultVhost__' }, 4],
      ['srs_stream_publishing', stream, 1],
      ['srs_stream_clients', stream, 3],
      ['srs_stream_frames_total', stream, 26],
      ['srs_stream_video_fps', stream, 25],
      ['srs_stream_gop_seconds', stream, 1],
      ['srs_stream_viewer_drops_total', stream, 0],
      ['srs_hook_duration_seconds_count', { hook: 'on_play', answer: 'yes' }, 3],
      ['srs_hook_duration_seconds_count', { hook: 'on_play', answer: 'no' }, 1],
      ['srs_hook_notifications_total', { hook: 'on_close', outcome: 'told' }, 1],
      ['srs_programs_running', {}, 0],
    ];
    const found = async () => {
      const now = await scrape(srs);
      return expected.map(([metric, labels]) => [metric, labels, readingOf(now, metric, labels)]);
    };
    // A hook is counted when its answer has come, a connection until it is closed.
    await expect.poll(found, { timeout: 10_000 }).toEqual(expected);
    assert.isAbove(
      readingOf(first, 'srs_stream_send_bytes_total', stream),
      readingOf(first, 'srs_stream_receive_bytes_total', stream),
    );
    assert.isAbove(readingOf(first, 'srs_fanout_writes_total'), 1);
    assert.isAbove(readingOf(first, 'srs_backlog_bytes'), 0);
    // Nobody makes series by asking for streams that are not there, and nothing tells who the clients are.
    const text = JSON.stringify([...first]);
    for (const secret of ['guess1', 'hidden', '127.0.0.1', String(hooks.of('on_play')[0]?.body.client_id)])
      assert.notInclude(text, secret);

    publisher.close();
    await until('the stream has no series', async () =>
      Number.isNaN(readingOf(await scrape(srs), 'srs_stream_clients', stream)),
    );
    const later = await scrape(srs);
    for (const [metric, family] of first)
      if (family.type === 'counter' && !metric.startsWith('srs_stream_'))
        for (const { labels, value } of family.series)
          assert.isAtLeast(readingOf(later, metric, labels), value, metric);
  });

  test('the dashboard, the alerts and the page name metrics that there are, and the page names all', async () => {
    const hooks = await startHooks();
    const srs = await startSrs({
      config: confOf(allHooks(hooks.url), 'http_api { enabled on; listen 127.0.0.1:API_PORT; read_token r; }'),
    });
    const families = await scrape(srs);
    const known = new Set(
      [...families].flatMap(([name, { type }]) =>
        type === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`, name] : [name],
      ),
    );
    const page = readFileSync(join(docs, 'metrics.md'), 'utf8');
    for (const [name, { help, type }] of families)
      if (name.startsWith('srs_')) assert.include(page, `| \`${name}\` | ${type} | ${help}`);
    assert.deepEqual(
      named(page).filter((name) => !known.has(name)),
      [],
    );

    const dashboard = JSON.parse(readFileSync(join(docs, 'metrics/grafana-dashboard.json'), 'utf8')) as {
      panels: { title: string; targets?: { expr: string }[] }[];
    };
    const queries = dashboard.panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
    const alerts = readFileSync(join(docs, 'metrics/alerts.yml'), 'utf8');
    assert.isAtLeast(queries.length, 12);
    for (const text of [...queries, alerts]) {
      assert.isNotEmpty(named(text), text);
      assert.deepEqual(
        named(text).filter((name) => !known.has(name)),
        [],
      );
    }
  });
});
