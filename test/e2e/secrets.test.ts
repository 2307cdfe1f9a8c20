import { assert, test } from 'vitest';
import { startHooks } from '../support/hook-server.js';
import { RawPeer } from '../support/raw-peer.js';
import { until } from '../support/run.js';
import { startSrs } from '../support/srs.js';
import { publish, record } from '../support/streams.js';
import { feed } from '../support/synthetic.js';

const SECRETS = [
  'Key1',
  'Page2',
  'Url3',
  'Hook4',
  'Query5',
  'User6',
  'Sign7',
  'Read8',
  'Write9',
  'Beat10',
  'Flv11',
  'Wrong12',
];

test('keys, tokens and queries are neither in the log nor in API, metrics and statistics', async () => {
  const hooks = await startHooks();
  const hook = hooks.url.replace('://', '://User6:User6@');
  const srs = await startSrs({
    config: `
listen PORT;
pid DIR/srs.pid;
srs_log_tank console;
srs_log_level verbose;
http_server { enabled on; listen HTTP_PORT; }
http_api { enabled on; listen 127.0.0.1:API_PORT; read_token Read8; write_token Write9; }
heartbeat { enabled on; interval 0.2; url ${hooks.url}/beat?key=Beat10; summaries on; }
vhost __defaultVhost__ {
  http_remux { enabled on; }
  sign { secret Sign7; }
  http_hooks {
    enabled on; hook_secret Hook4; timeout 1; on_error allow;
    on_connect ${hook}/a?q=Query5; on_publish ${hook}/b?q=Query5 http://127.0.0.1:1/x?q=Query5; on_unpublish http://127.0.0.1:1/y?q=Query5;
  }
}
`,
  });
  const publisher = await publish(`rtmp://127.0.0.1:${srs.port}/live?k=Url3/s?key=Key1`);
  await feed(publisher, { frames: 5 });
  const player = await RawPeer.shaken(srs.port);
  const tcUrl = `rtmp://127.0.0.1:${srs.port}/live?k=Url3`;
  player.connect({
    tcUrl,
    app: 'live?k=Url3',
    pageUrl: 'http://example.com/?t=Page2',
    swfUrl: 'http://example.com/a.swf?t=Page2',
  });
  await player.said('_result NetConnection.Connect.Success');
  player.play('s?token=Key1');
  await player.said('onStatus NetStream.Play.Start');
  const { API_PORT, HTTP_PORT } = srs.ports;
  const flv = await fetch(`http://127.0.0.1:${HTTP_PORT}/live/s.flv?token=Flv11`, {
    headers: { referer: 'http://e.com/?t=Page2' },
  });
  await record(srs.url('live', 's?key=Key1'));
  await until('heartbeats came', () => hooks.calls.filter(({ url }) => url.startsWith('/beat')).length > 1);

  const api = async (path: string, token: string): Promise<string> => {
    const reply = await fetch(`http://127.0.0.1:${API_PORT}${path}`, { headers: { authorization: `Bearer ${token}` } });
    return reply.text();
  };
  await api('/api/v1/streams?token=Query5', 'Wrong12');
  const told: string[] = [];
  for (const path of [
    'streams',
    'clients?count=100',
    'vhosts',
    'summaries',
    'config',
    'requests',
    'forwards',
    'openapi.json',
  ])
    told.push(await api(`/api/v1/${path}`, 'Read8'));
  told.push(await api('/metrics', 'Read8'), await api('/stat', 'Read8'));
  await flv.body?.cancel();
  publisher.close();
  await until('a notification failed', () => srs.log().includes('hook notification failed'));
  srs.signal('SIGHUP');
  await until('it reloaded', () => srs.log().includes('configuration reloaded'));
  assert.equal((await srs.stop()).code, 0);
  // All of it was truly used.
  assert.include(JSON.stringify(hooks.calls.map(({ url, text }) => url + text)), 'Key1');
  assert.include(told[1] ?? '', '"type":"Play"');
  for (const secret of SECRETS) {
    for (const text of told) assert.notInclude(text, secret);
    assert.notInclude(srs.log(), secret);
  }
});
