// @ts-check
/** The servers under test, each started alone: ours, nginx with its rtmp module, node-media-server, the bare C writer. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { cache, childrenOf, cpuSeconds, fileLimit, freePort, output, root, rssMb, sleep } from './machine.mjs';
import { end, logTail, startServer } from './processes.mjs';
import { tool } from './tools.mjs';

export const NMS_VERSION = '4.4.3';
const NGINX_MODULE = '/usr/lib/nginx/modules/ngx_rtmp_module.so';
const nmsFolder = join(cache, 'nms');
const program = join(root, 'dist/srs.mjs');

/**
 * @typedef {object} Variant
 * @property {number} [window] ours: `mw_latency`; the C writer: its window
 * @property {boolean} [nagle] ours: `tcp_nodelay off`
 * @property {number} [kbps] the C writer's rate per connection
 * @property {boolean} [http] ours: also serve FLV over HTTP
 * @property {number} [hls] ours: also HLS, with segments of so many seconds
 * @property {boolean} [api] ours: also the HTTP API
 * @property {string} [files] nginx: serve this folder over HTTP
 * @property {string[]} [forward] ours: push every stream to these URLs
 * @property {boolean} [load] ours: not under test, but on the core of the load
 * @property {string} [profile] ours: folder for a CPU profile
 *
 * @typedef {object} Server
 * @property {string} name
 * @property {number} startMs from exec to listening
 * @property {(stream: string) => string} rtmp URL of a stream, or of the C writer
 * @property {(stream: string) => string} flv
 * @property {(stream: string) => string} ts
 * @property {(stream: string) => string} ws
 * @property {(path: string) => string} http
 * @property {(path: string) => string} api
 * @property {() => { cpu: number, rss: number }} usage CPU seconds so far and MB now
 * @property {() => Promise<void>} stop
 */

/** @param {number} port @returns {Promise<boolean>} */
const listens = (port) =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve(true)).on('error', () => resolve(false));
    socket.on('connect', () => socket.destroy());
  });

/**
 * @param {string} name
 * @param {string[]} command
 * @param {number} port
 * @param {{ http?: number, api?: number, master?: boolean, cwd?: string, scheme?: string, side?: 'server' | 'load' }} [how]
 * @returns {Promise<Server>}
 */
async function launch(
  name,
  command,
  port,
  { http, api, master = false, cwd = cache, scheme = 'rtmp', side = 'server' } = {},
) {
  const began = performance.now();
  const child = startServer(name, command, cwd, side);
  while (!(await listens(port))) {
    if (child.exitCode !== null || performance.now() - began > 15_000) {
      await end(child);
      throw new Error(`${name} did not start: ${logTail(name)}`);
    }
    await sleep(2);
  }
  const startMs = performance.now() - began;
  const pid = /** @type {number} */ (child.pid);
  // A master that only watches its one worker is not what serves.
  const worker = () => (master ? (childrenOf(pid)[0] ?? pid) : pid);
  return {
    name,
    startMs,
    rtmp: (stream) => `${scheme}://127.0.0.1:${port}/live/${stream}`,
    flv: (stream) => `http://127.0.0.1:${http}/live/${stream}.flv`,
    ts: (stream) => `http://127.0.0.1:${http}/live/${stream}.ts`,
    ws: (stream) => `ws://127.0.0.1:${http}/live/${stream}.flv`,
    http: (path) => `http://127.0.0.1:${http}/${path}`,
    api: (path) => `http://127.0.0.1:${api}${path}`,
    usage: () => ({ cpu: cpuSeconds(worker()), rss: rssMb(worker()) }),
    stop: () => end(child),
  };
}

/** @param {Variant} v */
async function srs({ window, nagle = false, http = false, api = false, hls, forward = [], load = false, profile }) {
  const port = await freePort();
  const httpPort = await freePort();
  const apiPort = await freePort();
  const name = load ? 'receiver' : 'srs';
  const folder = join(cache, name);
  mkdirSync(folder, { recursive: true });
  const conf = join(folder, 'bench.conf');
  writeFileSync(
    conf,
    `listen ${port};
max_connections ${Math.min(20000, fileLimit() - 200)};
daemon off;
srs_log_tank console;
pid ${folder}/srs.pid;
${http ? `http_server { enabled on; listen ${httpPort}; }` : ''}
${api ? `http_api { enabled on; listen 127.0.0.1:${apiPort}; }` : ''}
vhost __defaultVhost__ {
    ${window === undefined ? '' : `mw_latency ${window};`}
    ${nagle ? 'tcp_nodelay off;' : ''}
    ${http ? 'http_remux { enabled on; mount [vhost]/[app]/[stream].flv; mount [vhost]/[app]/[stream].ts; }' : ''}
    ${hls === undefined ? '' : `hls { enabled on; hls_fragment ${hls}; }`}
    ${forward.length === 0 ? '' : `forward { enabled on; destination ${forward.join(' ')}; }`}
}
`,
  );
  const flags = profile === undefined ? [] : ['--cpu-prof', '--cpu-prof-dir', profile];
  const how = {
    http: httpPort,
    api: apiPort,
    cwd: folder,
    side: /** @type {'server' | 'load'} */ (load ? 'load' : 'server'),
  };
  return launch(name, [process.execPath, ...flags, program, '-c', conf], port, how);
}

/** @param {Variant} v */
async function nginx({ files }) {
  const port = await freePort();
  const http = await freePort();
  const folder = join(cache, 'nginx');
  mkdirSync(folder, { recursive: true });
  const conf = join(folder, 'nginx.conf');
  writeFileSync(
    conf,
    `load_module ${NGINX_MODULE};
daemon off;
worker_processes 1;
worker_rlimit_nofile ${fileLimit()};
pid ${folder}/nginx.pid;
error_log ${folder}/error.log;
events { worker_connections 20000; }
rtmp { server { listen 127.0.0.1:${port}; application live { live on; } } }
${files === undefined ? '' : nginxFiles(http, files)}
`,
  );
  return launch('nginx', ['nginx', '-p', folder, '-c', conf], port, { http, master: true });
}

/** As its manual advises for files. @param {number} port @param {string} folder */
const nginxFiles = (port, folder) => `http {
  access_log off; sendfile on; tcp_nopush on; keepalive_requests 10000000; open_file_cache max=100;
  types { application/vnd.apple.mpegurl m3u8; video/mp2t ts; }
  server { listen 127.0.0.1:${port}; root ${folder}; }
}`;

async function nms() {
  const port = await freePort();
  const http = await freePort();
  const folder = join(cache, 'nms/run');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const launcher = join(import.meta.dirname, 'nms-launcher.mjs');
  const command = [process.execPath, launcher, nmsFolder, String(port), String(http), folder];
  return launch('nms', command, port, { http, cwd: folder });
}

/** @param {Variant} v */
async function limit({ window = 350, kbps = 510 }) {
  const port = await freePort();
  return launch('limit', [tool('limit'), String(port), String(window), String(kbps)], port, { scheme: 'tcp' });
}

/** @type {Record<string, (v: Variant) => Promise<Server>>} */
const starters = { srs, nginx, nms, limit };

/** @param {string} name @param {Variant} [variant] */
export function startUnderTest(name, variant = {}) {
  const starter = starters[name];
  if (starter === undefined) throw new Error(`no such server: ${name}`);
  return starter(variant);
}

function installNms() {
  if (
    output('node', '-p', `require('${nmsFolder}/node_modules/node-media-server/package.json').version`) === NMS_VERSION
  )
    return;
  mkdirSync(nmsFolder, { recursive: true });
  writeFileSync(join(nmsFolder, 'package.json'), '{ "private": true }\n');
  const args = ['install', '--no-audit', '--no-fund', '--save-exact', `node-media-server@${NMS_VERSION}`];
  execFileSync('npm', args, { cwd: nmsFolder, stdio: 'ignore', timeout: 180_000 });
}

/** Why a server cannot take part, or undefined. @param {string} name @returns {string | undefined} */
export function missing(name) {
  if (name === 'srs' && !existsSync(program)) return 'dist/srs.mjs is not there: run `npm run build` first';
  if (name === 'nginx' && output('nginx', '-v') === undefined) return 'nginx is not installed';
  if (name === 'nginx' && !existsSync(NGINX_MODULE)) return 'libnginx-mod-rtmp is not installed';
  if (name !== 'nms') return undefined;
  try {
    installNms();
    return undefined;
  } catch {
    return `node-media-server ${NMS_VERSION} could not be installed from npm`;
  }
}
