import { assert, describe, test } from 'vitest';
import {
  type Config,
  type ListenAddress,
  type LoadedConfig,
  parseConfig,
  type VhostConfig,
} from '../../../src/config/index.js';
import { ConfigError } from '../../../src/kernel/index.js';

const plainVhost = {
  name: '__defaultVhost__',
  enabled: true,
  chunkSize: 60_000,
  gopCache: true,
  gopCacheMaxFrames: 2500,
  queueLength: 30,
  timeJitter: 'full',
  atc: false,
  atcAuto: false,
  mwLatency: undefined,
  minLatency: false,
  tcpNodelay: true,
  mixCorrect: false,
  sendMinInterval: 0,
  reduceSequenceHeader: false,
  inAckSize: 0,
  outAckSize: 2_500_000,
  publish: {
    firstPacketTimeout: 20_000,
    normalTimeout: 5000,
    mr: false,
    mrLatency: 350,
    policy: 'takeover',
    grace: 10,
  },
  sign: { secret: '', publish: false, play: false },
  refer: { enabled: true, all: [], publish: [], play: [] },
  security: { enabled: false, allow: [], deny: [] },
  maxViewers: 0,
  httpHooks: {
    enabled: false,
    onConnect: [],
    onClose: [],
    onPublish: [],
    onUnpublish: [],
    onPlay: [],
    onStop: [],
    onDvr: [],
    onHls: [],
    onHlsNotify: [],
    timeout: 5,
    onError: 'deny',
    hookSecret: '',
  },
};

const plain = {
  listen: [{ host: '0.0.0.0', port: 1935 }],
  chunkSize: 60_000,
  maxConnections: 1000,
  maxConnectionsPerAddress: 0,
  inotifyAutoReload: false,
  graceDrain: 30,
  pid: './objs/srs.pid',
  daemon: false,
  log: { tank: 'file', level: 'trace', file: './objs/srs.log' },
  pithyPrint: 10_000,
  utcTime: false,
  workDir: './',
  asprocess: false,
};

/** The file of a case: `root` after the listener, `vhost` inside the default vhost; both start on a line of their own. */
const load = ({ root = '', vhost = '' }: { root?: string; vhost?: string }): LoadedConfig =>
  parseConfig(`listen 1935;\n${root}\nvhost __defaultVhost__ {\n${vhost}\n}\n`, 'a.conf');

/** The settings of `like` alone: blocks of features have golden files of their own. */
const among = (like: object, values: object): object =>
  Object.fromEntries(Object.entries(values).filter(([name]) => name in like));

const vhostOf = (config: Config): VhostConfig => config.vhosts.get('__defaultVhost__') ?? assert.fail('no vhost');

test('defaults', () => {
  const { config, warnings, origins } = load({});
  const { vhosts, ...rest } = config;
  assert.deepEqual<unknown>(among(plain, rest), plain);
  assert.deepEqual([...vhosts.keys()], ['__defaultVhost__']);
  assert.deepEqual<unknown>(among(plainVhost, vhostOf(config)), plainVhost);
  assert.deepEqual(warnings, []);
  assert.deepEqual([...origins], [['listen', 'a.conf:1:1']]);
});

/** `want` holds what differs from the defaults; `warn` what follows `a.conf:`. */
const roots: { text: string; want: object; warn?: string[] }[] = [
  { text: 'chunk_size 128;', want: { chunkSize: 128 } },
  { text: 'chunk_size 65536;', want: { chunkSize: 65_536 } },
  { text: 'max_connections 2;', want: { maxConnections: 2 } },
  { text: 'pid "/run/my srs.pid";', want: { pid: '/run/my srs.pid' } },
  {
    text: 'asprocess on; daemon on;',
    want: { asprocess: true, daemon: true },
    warn: ['2:1: asprocess has no effect with daemon on'],
  },
  { text: 'work_dir /var; asprocess on;', want: { workDir: '/var', asprocess: true } },
  { text: 'pid "";', want: {}, warn: ['2:1: pid has no value, so it changes nothing'] },
  { text: 'daemon on;', want: { daemon: true } },
  { text: 'daemon yes;', want: {}, warn: ['2:8: daemon is on or off, not "yes"; it stays off'] },
  {
    text: 'srs_log_tank console; srs_log_level warn; srs_log_file a.log;',
    want: { log: { tank: 'console', level: 'warn', file: 'a.log' } },
  },
  { text: 'pithy_print_ms 500;', want: { pithyPrint: 500 } },
  { text: 'pithy_print { publish 2000; play 2000; }', want: { pithyPrint: 2000 } },
  {
    text: 'pithy_print { publish 2000; play 3000; } pithy_print_ms 1;',
    want: { pithyPrint: 2000 },
    warn: [
      '2:29: play is ignored, it is set at a.conf:2:15 as pithy_print.publish',
      '2:42: pithy_print_ms is ignored, it is set at a.conf:2:15 as pithy_print.publish',
    ],
  },
  { text: 'listen 1;', want: {}, warn: ['2:1: listen is ignored, it is set at a.conf:1:1'] },
  {
    text: 'max_connections 5 6;',
    want: { maxConnections: 5 },
    warn: ['2:19: max_connections takes one value, the rest is ignored'],
  },
  {
    text: 'max_connections 5k;',
    want: { maxConnections: 5 },
    warn: ['2:17: max_connections "5k": only the number counts, so it is 5'],
  },
  {
    text: 'rtc_server { } utc_time on; srt_server { }',
    want: { utcTime: true },
    warn: [
      '2:1: rtc_server (since v4) is not supported yet and ignored, so there is no WebRTC',
      '2:29: srt_server (since v4) is not supported yet and ignored, so there is no SRT',
    ],
  },
];

describe('at the top of the file', () => {
  for (const { text, want, warn = [] } of roots)
    test(text, () => {
      const { config, warnings } = load({ root: text });
      const { vhosts: _, ...rest } = config;
      assert.deepEqual<unknown>(among(plain, rest), { ...plain, ...want });
      assert.deepEqual(
        warnings,
        warn.map((line) => `a.conf:${line}`),
      );
    });
});

const listens: { text: string; want: [string, number][]; warn?: string[] }[] = [
  {
    text: '1 65535',
    want: [
      ['0.0.0.0', 1],
      ['0.0.0.0', 65_535],
    ],
  },
  { text: '127.0.0.1:1935', want: [['127.0.0.1', 1935]] },
  {
    text: '1935 [::]:1935',
    want: [
      ['0.0.0.0', 1935],
      ['::', 1935],
    ],
  },
  {
    text: '[0:0::1]:19 [FE80::1]:19',
    want: [
      ['::1', 19],
      ['fe80::1', 19],
    ],
  },
  { text: ':1935', want: [['0.0.0.0', 1935]] },
  { text: '1935x', want: [['0.0.0.0', 1935]], warn: ['1:8: listen "1935x": only the number counts, so it is 1935'] },
];

describe('listen', () => {
  for (const { text, want, warn = [] } of listens)
    test(text, () => {
      const { config, warnings } = parseConfig(`listen ${text};vhost a{}`, 'a.conf');
      assert.deepEqual(
        config.listen.map(({ host, port }: ListenAddress) => [host, port]),
        want,
      );
      assert.deepEqual(
        warnings,
        warn.map((line) => `a.conf:${line}`),
      );
    });
});

const vhosts: { text: string; want: object; warn?: string[] }[] = [
  { text: 'enabled off;', want: { enabled: false } },
  { text: 'enabled no;', want: {}, warn: ['4:9: enabled is on or off, not "no"; it stays on'] },
  { text: 'enabled;', want: {}, warn: ['4:1: enabled has no value, so it changes nothing'] },
  { text: 'chunk_size 4096;', want: { chunkSize: 4096 } },
  {
    text: 'gop_cache off; gop_cache_max_frames 10; queue_length 2.5;',
    want: { gopCache: false, gopCacheMaxFrames: 10, queueLength: 2.5 },
  },
  {
    text: 'play { gop_cache off; gop_cache_max_frames 10; queue_length 2; }',
    want: { gopCache: false, gopCacheMaxFrames: 10, queueLength: 2 },
  },
  {
    text: 'time_jitter zero; atc on; atc_auto on; mix_correct on;',
    want: { timeJitter: 'zero', atc: true, atcAuto: true, mixCorrect: true },
  },
  {
    text: 'play { time_jitter off; atc on; atc_auto on; mix_correct on; }',
    want: { timeJitter: 'off', atc: true, atcAuto: true, mixCorrect: true },
  },
  {
    text: 'mw_latency 0; send_min_interval 10.5; reduce_sequence_header on;',
    want: { mwLatency: 0, sendMinInterval: 10.5, reduceSequenceHeader: true },
  },
  {
    text: 'play { mw_latency 350; send_min_interval .5; reduce_sequence_header on; }',
    want: { mwLatency: 350, sendMinInterval: 0.5, reduceSequenceHeader: true },
  },
  { text: 'mw_latency auto;', want: {} },
  { text: 'atc ON;', want: {}, warn: ['4:5: atc is on or off, not "ON"; it stays off'] },
  {
    text: 'min_latency on; tcp_nodelay off; in_ack_size 5; out_ack_size 0;',
    want: { minLatency: true, tcpNodelay: false, inAckSize: 5, outAckSize: 0 },
  },
  {
    text: 'queue_length 10s;',
    want: { queueLength: 10 },
    warn: ['4:14: queue_length "10s": only the number counts, so it is 10 seconds'],
  },
  {
    text: 'gop_cache_max_frames 1.9;',
    want: { gopCacheMaxFrames: 1 },
    warn: ['4:22: gop_cache_max_frames "1.9": only the number counts, so it is 1'],
  },
  {
    text: 'publish_1stpkt_timeout 7000; publish_normal_timeout 8000;',
    want: { publish: { ...plainVhost.publish, firstPacketTimeout: 7000, normalTimeout: 8000 } },
  },
  {
    text: 'publish { firstpkt_timeout 7000; normal_timeout 8000; mr on; mr_latency 5; policy reject; grace 0; }',
    want: {
      publish: { firstPacketTimeout: 7000, normalTimeout: 8000, mr: true, mrLatency: 5, policy: 'reject', grace: 0 },
    },
  },
  { text: 'mr { enabled on; latency 5; }', want: { publish: { ...plainVhost.publish, mr: true, mrLatency: 5 } } },
  {
    text: 'gop_cache off; play { gop_cache on; }',
    want: { gopCache: false },
    warn: ['4:23: gop_cache is ignored, it is set at a.conf:4:1 as gop_cache'],
  },
  { text: 'play { gop_cache on; } gop_cache on;', want: {} },
  {
    text: 'publish { grace 1; } publish { grace 2; mr on; }',
    want: { publish: { ...plainVhost.publish, grace: 1 } },
    warn: ['4:22: publish is ignored, it is set at a.conf:4:1'],
  },
  {
    text: 'dash { dash_fragment 5; nonsense; }',
    want: {},
    warn: ['4:1: dash (since v3) is not supported yet and ignored, so there is no DASH'],
  },
  {
    text: 'refer a.com b.com; refer { play c.com; } refer_publish d.com;',
    want: { refer: { enabled: true, all: ['a.com', 'b.com'], publish: ['d.com'], play: ['c.com'] } },
  },
  {
    text: 'security { enabled off; allow play all; allow publish 10.0.0.0/8; deny play ::1; }',
    want: { security: { enabled: false, allow: ['play all', 'publish 10.0.0.0/8'], deny: ['play ::1'] } },
  },
  {
    text: 'publish { parse_sps on; }',
    want: {},
    warn: ['4:11: parse_sps (since v2) has no effect: streams are relayed as they come'],
  },
];

describe('in a vhost', () => {
  for (const { text, want, warn = [] } of vhosts)
    test(text, () => {
      const { config, warnings } = load({ vhost: text });
      assert.deepEqual<unknown>(among(plainVhost, vhostOf(config)), { ...plainVhost, ...want });
      assert.deepEqual(
        warnings,
        warn.map((line) => `a.conf:${line}`),
      );
    });
});

/** `want`: the whole message, without `a.conf:` at the start of each line. */
const refused: { name: string; text: string; want: string[] }[] = [
  { name: 'an empty file', text: '# nothing\n', want: ['1:1: the configuration is empty'] },
  { name: 'no listen', text: 'vhost a { }', want: ['1:1: listen is missing: write at least "listen 1935;"'] },
  { name: 'listen without a port', text: 'listen;', want: ['1:1: listen needs at least one port'] },
  {
    name: 'listen, all that can be wrong with it',
    text: 'listen 0 65536 abc -1 1:2:3 [::g]:4 host:5 1.2.3:6 "";',
    want: [
      '1:8: listen "0": a port is 1 to 65535',
      '1:10: listen "65536": a port is 1 to 65535',
      '1:16: listen "abc": a port is a number',
      '1:20: listen "-1": a port is a number',
      '1:23: listen "1:2:3": write an IPv6 address in brackets, [ADDRESS]:PORT',
      '1:29: listen "[::g]:4": "::g" is not an IP address',
      '1:37: listen "host:5": "host" is not an IP address',
      '1:44: listen "1.2.3:6": "1.2.3" is not an IP address',
    ],
  },
  {
    name: 'two listeners on one address and port',
    text: 'listen 19 20 0.0.0.0:19 127.0.0.1:20 [::1]:19 [0::1]:19 127.0.0.1:30 30;',
    want: [
      '1:14: listen: 0.0.0.0:19 is listed twice',
      '1:25: listen: 0.0.0.0:20 already covers 127.0.0.1:20',
      '1:47: listen: [::1]:19 is listed twice',
      '1:70: listen: 0.0.0.0:30 covers 127.0.0.1:30, which is listed already',
    ],
  },
  {
    name: 'bounds, in the file and in a vhost, each reported once',
    text: 'listen 1; chunk_size 127; max_connections 0; vhost a { chunk_size 65537; } vhost b { }',
    want: [
      '1:22: chunk_size is 128 to 65536 bytes, not "127"',
      '1:43: max_connections is 1 to 2147483647, not "0"',
      '1:67: chunk_size is 128 to 65536 bytes, not "65537"',
    ],
  },
  {
    name: 'numbers without digits',
    text: 'listen 1; chunk_size off; vhost a { queue_length x1; mw_latency -; publish { grace s; } gop_cache_max_frames k; }',
    want: [
      '1:22: chunk_size needs a number of bytes, not "off"',
      '1:50: queue_length needs a number of seconds, not "x1"',
      '1:65: mw_latency needs a number of milliseconds, not "-"',
      '1:84: grace needs a number of seconds, not "s"',
      '1:110: gop_cache_max_frames needs a number, not "k"',
    ],
  },
  {
    name: 'numbers beyond reason',
    text: 'listen 1; vhost a { queue_length -1; mw_latency 1e999; publish_normal_timeout 99999999999; }',
    want: [
      '1:34: queue_length is 0.1 to 2000000 seconds, not "-1"',
      '1:49: mw_latency is 0 to 60000 milliseconds, not "1e999"',
      '1:79: publish_normal_timeout is 1 to 2147483647 milliseconds, not "99999999999"',
    ],
  },
  {
    name: 'choices',
    text: 'listen 1; srs_log_tank consol; srs_log_level debug; vhost a { time_jitter FULL; publish { policy first; } }',
    want: [
      '1:24: srs_log_tank is one of file, console, not "consol", did you mean console?',
      '1:46: srs_log_level is one of verbose, info, trace, warn, error, not "debug"',
      '1:75: time_jitter is one of full, zero, off, not "FULL", did you mean full?',
      '1:98: policy is one of takeover, reject, not "first"',
    ],
  },
  {
    name: 'unknown names, near ones and misplaced ones',
    text: 'listn 1;\nlisten 1;\nvhost a {\n  gop_cach on;\n  max_connections 2;\n  play { mr on; }\n  whatever { x; }\n}\nqueue_length 1;\n__proto__ 1;\nconstructor 1;',
    want: [
      '1:1: unknown directive "listn", did you mean listen?',
      '4:3: unknown directive "gop_cach" in vhost, did you mean gop_cache?',
      '5:3: unknown directive "max_connections" in vhost, it belongs at the top of the file',
      '6:10: unknown directive "mr" in vhost play, it belongs in vhost publish',
      '7:3: unknown directive "whatever" in vhost',
      '9:1: unknown directive "queue_length", it belongs in vhost play or in vhost',
      '10:1: unknown directive "__proto__"',
      '11:1: unknown directive "constructor"',
    ],
  },
  {
    name: 'names that old blocks hold, too: hints lead to the others',
    text: 'listen 1;\nhls { }\nforwarder 1;\nhttps { }\nvhost a {\n  edge;\n  pithy_print_ms 1;\n}',
    want: [
      '2:1: unknown directive "hls", it belongs in vhost',
      '3:1: unknown directive "forwarder"',
      '4:1: unknown directive "https", it belongs in http_api or in http_server',
      '6:3: unknown directive "edge" in vhost',
      '7:3: unknown directive "pithy_print_ms" in vhost, it belongs at the top of the file',
    ],
  },
  {
    name: 'RTMP and HTTP on one port',
    text: 'listen 80 81; http_server { enabled on; listen 127.0.0.1:81; } vhost a { }',
    want: ['1:41: http_server cannot listen beside rtmp: 0.0.0.0:81 already covers 127.0.0.1:81'],
  },
  {
    name: 'blocks for values, values for blocks',
    text: 'listen 1; chunk_size { } pithy_print; vhost { } vhost a { play; gop_cache { } publish { mr { } } }',
    want: [
      '1:11: chunk_size takes a value, not a block',
      '1:26: pithy_print is a block: pithy_print { … }',
      '1:39: vhost needs a name: vhost NAME { … }',
      '1:59: play is a block: play { … }',
      '1:65: gop_cache takes a value, not a block',
      '1:89: mr takes a value, not a block',
    ],
  },
];

describe('refused, everything in one go', () => {
  for (const { name, text, want } of refused)
    test(name, () => {
      let error: unknown;
      try {
        parseConfig(text, 'a.conf');
      } catch (caught) {
        error = caught;
      }
      assert.instanceOf(error, ConfigError, String(error));
      const lines = want.map((line) => `a.conf:${line}`);
      const { code, message, context } = error as ConfigError;
      assert.deepEqual(message.split('\n'), lines);
      assert.equal(code, 'CONFIG_INVALID');
      assert.deepEqual(context, { file: 'a.conf', errors: lines });
    });
});
