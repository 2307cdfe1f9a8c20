// @ts-check
/**
 * The real programs that the end-to-end tests talk to: how to see that each is there, and which Debian packages
 * bring it. Plain Node without any package.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { say } from './setup.mjs';

/**
 * @typedef {'ffmpeg' | 'rtmpdump' | 'gstreamer' | 'nginx-rtmp' | 'vlc' | 'gcc' | 'ss' | 'haproxy' | 'openssl' | 'curl' | 'chromium'} PeerName
 * @typedef {string | undefined} Lack why a peer cannot be used; undefined when it can
 * @typedef {{ name: PeerName, usedFor: string, packages: string[], prove: () => Lack }} Peer
 */

/** Playwright wants a path, not a name. */
export const CHROMIUM = '/usr/bin/chromium';

/**
 * @param {string} command
 * @param {string[]} args
 * @returns {Lack}
 */
function runs(command, args) {
  const run = spawnSync(command, args, { stdio: ['ignore', 'ignore', 'pipe'], encoding: 'utf8', timeout: 30_000 });
  const whole = [command, ...args].join(' ');
  if (run.error)
    return /** @type {NodeJS.ErrnoException} */ (run.error).code === 'ENOENT'
      ? `${command} is not installed`
      : `${whole}: ${run.error.message}`;
  if (run.status !== 0) return `${whole}: ${run.stderr.trim().split('\n').pop() || `exit code ${run.status}`}`;
  return undefined;
}

/**
 * @param {Array<() => Lack>} proofs
 * @returns {Lack}
 */
const firstLack = (...proofs) => {
  for (const proof of proofs) {
    const lack = proof();
    if (lack !== undefined) return lack;
  }
  return undefined;
};

/**
 * VLC refuses to run as root: a command line that runs `command` as nobody when we are root, unchanged otherwise.
 * @param {string} command
 * @param {string[]} args
 * @returns {[command: string, args: string[]]}
 */
export function unprivileged(command, args) {
  if (process.getuid?.() !== 0) return [command, args];
  return [
    'setpriv',
    ['--reuid=nobody', '--regid=nogroup', '--clear-groups', 'env', 'HOME=/nonexistent', command, ...args],
  ];
}

const gstElements =
  'rtmp2src rtmp2sink rtmpsrc rtmpsink flvmux flvdemux x264enc avdec_h264 h264parse avenc_aac avdec_aac aacparse videotestsrc audiotestsrc souphttpsrc tsdemux hlsdemux'.split(
    ' ',
  );

/** @returns {Lack} */
function proveNginxRtmp() {
  const dir = mkdtempSync(join(tmpdir(), 'srs-nginx-'));
  try {
    const conf = join(dir, 'nginx.conf');
    writeFileSync(
      conf,
      `load_module modules/ngx_rtmp_module.so;\npid ${dir}/pid;\nerror_log stderr;\nevents {}\nrtmp {}\n`,
    );
    return runs('nginx', ['-t', '-q', '-e', 'stderr', '-c', conf]);
  } finally {
    rmSync(dir, { recursive: true });
  }
}

/** @type {readonly Peer[]} */
export const peers = [
  {
    name: 'ffmpeg',
    usedFor: 'encoding, publishing, playing, looking into streams',
    packages: ['ffmpeg'],
    prove: () =>
      firstLack(
        () => runs('ffmpeg', ['-version']),
        () => runs('ffprobe', ['-version']),
      ),
  },
  {
    name: 'rtmpdump',
    usedFor: 'playing with librtmp',
    packages: ['rtmpdump'],
    prove: () => runs('rtmpdump', ['--help']),
  },
  {
    name: 'gstreamer',
    usedFor: 'publishing and playing with rtmp2 and librtmp elements',
    packages: [
      'gstreamer1.0-tools',
      'gstreamer1.0-plugins-base',
      'gstreamer1.0-plugins-good',
      'gstreamer1.0-plugins-bad',
      'gstreamer1.0-plugins-ugly',
      'gstreamer1.0-libav',
    ],
    prove: () => {
      const lack = runs('gst-launch-1.0', ['--version']);
      if (lack !== undefined) return lack;
      const absent = gstElements.filter((element) => runs('gst-inspect-1.0', ['--exists', element]) !== undefined);
      return absent.length ? `GStreamer lacks the elements ${absent.join(', ')}` : undefined;
    },
  },
  {
    name: 'nginx-rtmp',
    usedFor: 'forwarding to and pulling from another server',
    packages: ['nginx', 'libnginx-mod-rtmp'],
    prove: proveNginxRtmp,
  },
  {
    name: 'vlc',
    usedFor: 'playing with VLC',
    packages: ['vlc-bin', 'vlc-plugin-base', 'util-linux'],
    prove: () => {
      if (runs('sh', ['-c', 'command -v cvlc']) !== undefined) return 'cvlc is not installed';
      return runs(...unprivileged('cvlc', ['--version']));
    },
  },
  {
    name: 'gcc',
    usedFor: 'building the load sink, which is C',
    packages: ['gcc', 'libc6-dev'],
    prove: () => {
      const run = spawnSync('gcc', ['-x', 'c', '-fsyntax-only', '-'], {
        input: '#include <sys/epoll.h>\n',
        encoding: 'utf8',
      });
      if (run.error) return 'gcc is not installed';
      return run.status === 0 ? undefined : `gcc finds no C library headers: ${run.stderr.trim().split('\n')[0]}`;
    },
  },
  { name: 'ss', usedFor: 'looking at socket queues', packages: ['iproute2'], prove: () => runs('ss', ['-V']) },
  {
    name: 'haproxy',
    usedFor: 'the PROXY protocol',
    packages: ['haproxy'],
    prove: () => runs('haproxy', ['-v']),
  },
  {
    name: 'openssl',
    usedFor: 'certificates for TLS',
    packages: ['openssl'],
    prove: () => runs('openssl', ['version']),
  },
  { name: 'curl', usedFor: 'HTTP and HTTPS', packages: ['curl'], prove: () => runs('curl', ['--version']) },
  {
    name: 'chromium',
    usedFor: 'the web page',
    packages: ['chromium'],
    prove: () => runs(CHROMIUM, ['--version']),
  },
];

/** @returns {Record<PeerName, Lack | null>} null for each peer that works (JSON drops `undefined`), else why not. */
export function provePeers() {
  return /** @type {Record<PeerName, Lack | null>} */ (
    Object.fromEntries(peers.map((peer) => [peer.name, peer.prove() ?? null]))
  );
}

/** @returns {string[] | undefined} the words before `apt-get`, where we may install; undefined where we may not. */
function mayInstall() {
  if (spawnSync('apt-get', ['--version'], { stdio: 'ignore' }).status !== 0) return undefined;
  if (process.getuid?.() === 0) return [];
  // Elsewhere than in CI, a machine that happens to allow sudo without a password is not ours to change.
  if (process.env.CI === 'true' && spawnSync('sudo', ['-n', 'true'], { stdio: 'ignore' }).status === 0)
    return ['sudo', '-n'];
  return undefined;
}

/**
 * @param {string[]} before
 * @param {string[]} args
 * @returns {Lack} the end of apt's complaint when it failed
 */
function aptGet(before, args) {
  const quiet = ['env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', '-qq', '-o', 'DPkg::Lock::Timeout=120'];
  const [command = '', ...rest] = [...before, ...quiet, ...args];
  const run = spawnSync(command, rest, { stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8', maxBuffer: 2 ** 26 });
  return run.status === 0 ? undefined : (run.error?.message ?? run.stderr.trim().split('\n').slice(-3).join(' | '));
}

/**
 * Installs the peers that are missing, where that is allowed, and says which are missing still.
 * @returns what `provePeers` says afterwards.
 */
export function ensurePeers() {
  let state = provePeers();
  const missing = () => peers.filter((peer) => state[peer.name] !== null);
  if (missing().length === 0) return state;

  const before = mayInstall();
  if (before === undefined) {
    say('peers are missing and cannot be installed from here (that takes root and apt-get)');
  } else {
    const packages = missing().flatMap((peer) => peer.packages);
    say(
      `installing the peers ${missing()
        .map((peer) => peer.name)
        .join(', ')}: apt-get install ${packages.join(' ')}`,
    );
    const install = ['install', '-y', '--no-install-recommends'];
    const stale = aptGet(before, ['update']);
    if (stale !== undefined) say(`apt-get update: ${stale}`);
    // All in one go; when one package spoils that, each peer by itself.
    if (aptGet(before, [...install, ...packages]) !== undefined)
      for (const peer of missing()) {
        const lack = aptGet(before, [...install, ...peer.packages]);
        if (lack !== undefined) say(`apt-get install ${peer.packages.join(' ')}: ${lack}`);
      }
    state = provePeers();
  }
  for (const peer of missing()) say(`peer missing: ${peer.name} (${peer.usedFor}): ${state[peer.name]}`);
  return state;
}
