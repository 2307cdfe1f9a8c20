import { isLoopback } from '../kernel/index.js';
import type { Problems } from './problems.js';
import type { Reading } from './read-scope.js';
import type { Config } from './tables/root.js';
import type { VhostConfig } from './tables/vhost.js';
import type { Position } from './tree.js';

/** Settings that are right one by one, and together do not do what their author wants. */
export function checkTogether(config: Config, reading: Reading, whole: Position, problems: Problems): void {
  const at = placeIn(reading, whole);
  if (config.daemon && config.asprocess) problems.warn(at('/asprocess'), 'asprocess has no effect with daemon on');
  if (config.daemon && config.log.tank === 'console')
    problems.warn(
      at('/log/tank'),
      'with daemon on there is no console, so all log lines are lost: use srs_log_tank file',
    );
  if (config.vhosts.size === 0) problems.warn(whole, 'there is no vhost, so every client is rejected');
  checkApi(config, at, problems);
  for (const [id, vhost] of config.vhosts) {
    const atInVhost = placeIn(reading.named.get('/vhosts')?.get(id), whole);
    checkHls(vhost, atInVhost, problems);
    checkDvr(vhost, atInVhost, problems);
    if (!vhost.enabled) continue;
    if (!config.httpServer.enabled) checkUnserved(vhost, atInVhost, problems);
    checkSign(vhost, atInVhost, problems);
    checkCluster(vhost, atInVhost, problems);
  }
}

type Place = (path: string) => Position;

const placeIn =
  (reading: Reading | undefined, whole: Position): Place =>
  (path) =>
    reading?.found.get(path)?.directive.at ?? whole;

/** Whoever opens the API to others finds out from it that it answers them with 403. */
function checkApi({ httpApi }: Config, at: Place, problems: Problems): void {
  const { enabled, https, readToken, writeToken, auth } = httpApi;
  if (!enabled || auth.enabled || [readToken, writeToken].some((token) => token !== '-')) return;
  const listeners = [
    { path: '/httpApi/listen', addresses: httpApi.listen },
    { path: '/httpApi/https/listen', addresses: https.enabled ? https.listen : [] },
  ];
  for (const { path, addresses } of listeners)
    if (addresses.some(({ host }) => !isLoopback(host)))
      problems.warn(
        at(path),
        'http_api answers only clients on this machine while it has no read_token or write_token',
      );
}

function checkHls({ hls }: VhostConfig, at: Place, problems: Problems): void {
  if (hls.hlsStorage === 'disk' && hls.hlsPath === '')
    problems.error(at('/hls/hlsStorage'), 'hls_storage disk needs hls_path, the directory of the files');
}

function checkDvr({ dvr }: VhostConfig, at: Place, problems: Problems): void {
  if (/\.mp4$/i.test(dvr.dvrPath))
    problems.error(
      at('/dvr/dvrPath'),
      'dvr_path ends in .mp4, and recordings are FLV: let it end in .flv, and make "ffmpeg -i X.flv -c copy X.mp4" of a closed file',
    );
  if (dvr.dvrPlan === 'append')
    problems.warn(
      at('/dvr/dvrPlan'),
      'dvr_plan append was removed in version 3, so session is taken: a file goes on while its encoder comes back within publish grace',
    );
}

function checkUnserved({ hls, httpRemux }: VhostConfig, at: Place, problems: Problems): void {
  const writesFiles = hls.hlsPath !== '' && hls.hlsStorage !== 'ram';
  if (hls.enabled && !writesFiles)
    problems.warn(at('/hls/enabled'), 'hls has no effect: http_server is off, and no files are written');
  if (httpRemux.enabled) problems.warn(at('/httpRemux/enabled'), 'http_remux has no effect: http_server is off');
}

function checkCluster({ cluster, forward, forwardTo }: VhostConfig, at: Place, problems: Problems): void {
  const { mode, origin, tokenTraverse } = cluster;
  if (mode === 'remote') {
    if (origin.length === 0)
      problems.error(at('/cluster/mode'), 'an edge (mode remote) needs origin, the servers that have its streams');
    // What is pulled would be published at the origin, in place of its own publisher.
    for (const [path, list] of [
      ['/forwardTo', forwardTo],
      ['/forward/destination', forward.destination],
    ] as const)
      if (list.some((to) => origin.includes(to)))
        problems.error(at(path), 'an edge must not forward to its own origin: what is pulled from there would go back');
    return;
  }
  if (origin.length > 0) problems.warn(at('/cluster/origin'), 'origin has no effect without mode remote');
  if (tokenTraverse) problems.warn(at('/cluster/tokenTraverse'), 'token_traverse has no effect without mode remote');
}

function checkSign({ sign }: VhostConfig, at: Place, problems: Problems): void {
  if (sign.secret !== '') return;
  for (const use of ['publish', 'play'] as const)
    if (sign[use]) problems.warn(at(`/sign/${use}`), `sign has no secret, so nobody may ${use}`);
}
