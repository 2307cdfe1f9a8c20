/**
 * Records what real RTMP clients send, from C0 on: `npx tsx test/golden/rtmp/capture.mjs [name …]`.
 * Each peer talks to a minimal responder (handshake, canned answers) until enough bytes are there, or it falls silent.
 * The files hold the client's bytes and nothing else: <peer>-<version>-<what>.bin. Needs ffmpeg, rtmpdump, gst-launch-1.0.
 */
import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AmfObject } from '../../../src/protocol/amf/index.js';
import {
  ChunkDecoder,
  command,
  control,
  encodeChunks,
  parseMessage,
  ServerHandshake,
} from '../../../src/protocol/rtmp/index.js';

const SILENCE_MS = 1500;
const here = import.meta.dirname;
const source = '-f lavfi -i testsrc2=s=320x180:r=25 -f lavfi -i sine=r=44100'.split(' ');
const coding = '-c:v libx264 -preset ultrafast -g 25 -bf 0 -b:v 200k -c:a aac -b:a 32k'.split(' ');

/** An FLV whose frames begin beyond 0xFFFFFF ms (4 h 39 min): the step from its headers, at 0, needs an extended timestamp. */
const late = join(tmpdir(), 'srs-capture-late.flv');
const lateClock = ['-output_ts_offset', '16778'];
const noise = '-f lavfi -i nullsrc=s=160x120:r=5,geq=random(1)*255:128:128 -f lavfi -i sine=r=44100'.split(' ');

const gst = (sink, props) => (url) => [
  'gst-launch-1.0',
  `-q videotestsrc is-live=true ! video/x-raw,width=320,height=180,framerate=25/1 ! x264enc tune=zerolatency bitrate=200 key-int-max=25 ! h264parse ! flvmux name=m streamable=true ! ${sink} ${props} audiotestsrc is-live=true ! avenc_aac bitrate=32000 ! aacparse ! m.`
    .split(' ')
    .map((word) => word.replace('URL', url)),
];

const NGINX_PORT = 19357;

function nginxConf(url) {
  const file = join(tmpdir(), 'srs-capture-nginx.conf');
  writeFileSync(
    file,
    `load_module /usr/lib/nginx/modules/ngx_rtmp_module.so; pid ${file}.pid; error_log ${file}.log; events {}
    rtmp { server { listen 127.0.0.1:${NGINX_PORT}; application live { live on; push ${url}/live/stream; } } }`,
  );
  return file;
}

const peers = {
  'ffmpeg-5.1.9-publish': {
    bytes: 40_000,
    run: (url) => [
      'ffmpeg',
      ['-v', 'error', '-re', ...source, ...coding, '-f', 'flv', `${url}/live/stream?token=secret`],
    ],
  },
  'ffmpeg-5.1.9-publish-simple': {
    bytes: 12_000,
    simple: true,
    run: (url) => ['ffmpeg', ['-v', 'error', '-re', ...source, ...coding, '-f', 'flv', `${url}/live/stream`]],
  },
  'ffmpeg-5.1.9-publish-extended': {
    bytes: 40_000,
    run: (url) => [
      'ffmpeg',
      ['-v', 'error', ...noise, ...coding, '-g', '5', '-qp', '30', ...lateClock, '-f', 'flv', `${url}/live/stream`],
    ],
  },
  'ffmpeg-5.1.9-play': {
    bytes: 20_000,
    run: (url) => ['ffmpeg', ['-v', 'error', '-i', `${url}/live/stream`, '-f', 'null', '-']],
  },
  'gstreamer-1.22-rtmp2sink-publish': { bytes: 40_000, run: gst('rtmp2sink', 'location=URL/live/stream') },
  'gstreamer-1.22-rtmpsink-publish': { bytes: 40_000, run: gst('rtmpsink', 'location=URL/live/stream') },
  'gstreamer-1.22-rtmpsink-publish-extended': {
    bytes: 40_000,
    late: true,
    run: (url) => [
      'gst-launch-1.0',
      ['-q', 'filesrc', `location=${late}`, '!', 'video/x-flv', '!', 'rtmpsink', `location=${url}/live/stream`],
    ],
  },
  // nginx passes on what ffmpeg publishes to it.
  'nginx-rtmp-1.2.2-push': {
    bytes: 40_000,
    run: (url) => ['nginx', ['-p', tmpdir(), '-c', nginxConf(url), '-g', 'daemon off; master_process off;']],
    feed: () => [
      'ffmpeg',
      ['-v', 'error', '-re', ...source, ...coding, '-f', 'flv', `rtmp://127.0.0.1:${NGINX_PORT}/live/stream`],
    ],
  },
  'rtmpdump-2.4-play': {
    bytes: 20_000,
    run: (url) => ['rtmpdump', ['-q', '-v', '-r', `${url}/live/stream`, '-o', '/dev/null']],
  },
  // A swf hash makes librtmp sign its C1, and hang up unless S1 and S2 are signed by a genuine server.
  'rtmpdump-2.4-play-swfvfy': {
    bytes: 20_000,
    run: (url) => [
      'rtmpdump',
      ['-v', '-r', `${url}/live/stream`, '-w', '5a'.repeat(32), '-x', '1234', '-o', '/dev/null'],
    ],
  },
};

/** S0S1S2 without a digest, whatever C1 has. */
function simpleHandshake() {
  let got = Buffer.alloc(0);
  let answered = false;
  return {
    done: false,
    rest: Buffer.alloc(0),
    kind: 'simple (forced)',
    push(bytes) {
      got = Buffer.concat([got, bytes]);
      if (got.length >= 3073) {
        this.done = true;
        this.rest = got.subarray(3073);
      }
      if (answered || got.length < 1537) return undefined;
      answered = true;
      return Buffer.concat([Buffer.of(3), Buffer.alloc(8), randomBytes(1528), got.subarray(1, 1537)]);
    },
  };
}

const status = (code) =>
  command('onStatus', 0, [null, AmfObject.of({ level: 'status', code, description: code })], { csid: 5, streamId: 1 });

function answers(m) {
  if (m.kind !== 'command') return [];
  const result = (...args) => command('_result', m.transactionId, args);
  switch (m.name) {
    case 'connect':
      return [
        control.windowAckSize(2_500_000),
        control.setPeerBandwidth(2_500_000, 2),
        result(
          AmfObject.of({ fmsVer: 'FMS/3,5,3,888', capabilities: 127 }),
          AmfObject.of({ level: 'status', code: 'NetConnection.Connect.Success' }),
        ),
      ];
    case 'createStream':
      return [result(null, 1)];
    case 'publish':
      return [status('NetStream.Publish.Start')];
    case 'play':
      return [control.streamBegin(1), status('NetStream.Play.Start'), control.pingRequest(1234)];
    case 'releaseStream':
    case 'FCPublish':
    case '_checkbw':
      return [result(null, undefined)];
    default:
      return [];
  }
}

function record(name, peer) {
  return new Promise((resolve) => {
    const got = [];
    let length = 0;
    const children = [];
    let quiet;
    const server = createServer((socket) => {
      const handshake = peer.simple ? simpleHandshake() : new ServerHandshake();
      const decoder = new ChunkDecoder();
      const seen = [];
      const finish = () => {
        clearTimeout(quiet);
        socket.destroy();
        server.close();
        for (const child of children) child.kill('SIGKILL');
        const bytes = Buffer.concat(got).subarray(0, peer.bytes);
        writeFileSync(join(here, `${name}.bin`), bytes);
        console.log(name, bytes.length, handshake.kind, seen.slice(0, 14).join(' '));
        resolve();
      };
      socket.on('error', () => {});
      socket.on('data', (bytes) => {
        clearTimeout(quiet);
        quiet = setTimeout(finish, SILENCE_MS);
        got.push(bytes);
        length += bytes.length;
        if (length >= peer.bytes) return finish();
        let rest = bytes;
        if (!handshake.done) {
          const answer = handshake.push(bytes);
          if (answer) socket.write(answer);
          if (!handshake.done) return;
          rest = handshake.rest;
        }
        for (const wire of decoder.push(rest)) {
          const m = parseMessage(wire);
          seen.push(m.name ?? m.kind);
          for (const answer of answers(m)) socket.write(encodeChunks(answer, 128));
        }
      });
    });
    server.listen(0, '127.0.0.1', () => {
      const start = ([program, args]) => {
        const child = spawn(program, args, { stdio: ['ignore', 'inherit', 'inherit'] });
        child.on('error', (error) => console.error(name, error.message));
        children.push(child);
      };
      start(peer.run(`rtmp://127.0.0.1:${server.address().port}`));
      if (peer.feed) setTimeout(() => start(peer.feed()), 500);
    });
  });
}

const wanted = process.argv.slice(2);
for (const [name, peer] of Object.entries(peers)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  if (peer.late)
    spawnSync(
      'ffmpeg',
      ['-v', 'error', '-y', ...noise, ...coding, '-g', '5', '-qp', '30', ...lateClock, '-t', '3', late],
      { stdio: 'inherit' },
    );
  await record(name, peer);
}
process.exit(0);
