// @ts-check
/** The numbers to reach (design, "Numbers to reach"), each read off the rows of a run. */

/**
 * @typedef {(part: string, server: string, count?: number, variant?: string) => any} Find
 * @typedef {{ what: string, target: number, unit: string, value: (find: Find) => number | undefined, least?: boolean }} Target
 */

/** With the sink near a full core the sink is the limit, not the server. */
export const SINK_BOUND = 85;

/**
 * What makes a row less than it seems; a row with remarks is no measurement of CPU or memory.
 * @param {any} row @param {number} due kbps that every player should get @returns {string[]}
 */
export function remarks(row, due) {
  const words = [];
  if (row.sink_cpu > SINK_BOUND) words.push('sink-bound');
  if (row.dead > 0) words.push(`${row.dead} lost: ${Object.keys(row.why).join(', ')}`);
  if (row.errors !== undefined) words.push(row.errors);
  if (row.silent > 0) words.push(`${row.silent} got nothing`);
  if (row.kbps_min < STARVED * due) words.push('players starved');
  if (row.publisher?.backlog_ms_max > 500) words.push('publisher held up');
  if (row.publisher && row.publisher.live < row.publisher.publishers) words.push('publishers lost');
  if (row.late?.p99 > PROBE_LATE) words.push(`the probe itself was ${row.late.p99.toFixed(1)} ms late`);
  if (row.others > NOISE) words.push(`others used ${row.others.toFixed(0)} % of the server's core`);
  return words;
}

/** Per cent of the server's core that other programs may use before a row stops counting. */
const NOISE = 10;

/** p99, in ms, of the probe's own delay beyond which its numbers say more about the machine than the server. */
const PROBE_LATE = 0.5;

/** Less than this share of its stream's bit rate is not watching. */
const STARVED = 0.9;

/** @param {number | undefined} a @param {number | undefined} b */
export const ratio = (a, b) => (a === undefined || b === undefined || b === 0 ? undefined : a / b);

/** @param {number | undefined} a @param {number | undefined} b */
const difference = (a, b) => (a === undefined || b === undefined ? undefined : a - b);

/** @param {string} peer @returns {Target['value']} */
const fanoutRatio = (peer) => (find) => ratio(find('fanout', 'srs', 1800)?.cpu, find('fanout', peer, 1800)?.cpu);

/** @param {Find} find @param {string} variant */
const deliveryRatio = (find, variant) =>
  ratio(find('delivery', 'srs', undefined, variant)?.cpu, find('delivery', 'srs', undefined, 'RTMP')?.cpu);

/** @param {Find} find @param {string} file */
const requestRatio = (find, file) =>
  ratio(find('hls', 'srs', undefined, file)?.rps, find('hls', 'nginx', undefined, file)?.rps);

/** @type {Target[]} */
export const targets = [
  {
    what: 'fan-out CPU, 1800 players, window 350 ms: ours / bare C writer',
    target: 1.4,
    unit: '×',
    value: fanoutRatio('limit'),
  },
  { what: 'the same: ours / nginx-rtmp', target: 0.3, unit: '×', value: fanoutRatio('nginx') },
  { what: 'the same: ours / node-media-server', target: 0.2, unit: '×', value: fanoutRatio('nms') },
  { what: 'fan-out CPU, 10 000 players', target: 60, unit: '%', value: (find) => find('fanout', 'srs', 10000)?.cpu },
  { what: 'the same: RSS', target: 250, unit: 'MB', value: (find) => find('fanout', 'srs', 10000)?.rss },
  {
    what: 'the same: the worst player, of its due',
    target: 90,
    unit: '%',
    least: true,
    value: (find) => find('fanout', 'srs', 10000)?.worst,
  },
  {
    what: '1800 HTTP-FLV players / as many RTMP players',
    target: 1.1,
    unit: '×',
    value: (find) => deliveryRatio(find, 'HTTP-FLV'),
  },
  {
    what: '1800 WS-FLV players / as many RTMP players',
    target: 1.1,
    unit: '×',
    value: (find) => deliveryRatio(find, 'WS-FLV'),
  },
  {
    what: 'HLS segments a second: ours / nginx with the same files',
    target: 0.5,
    unit: '×',
    least: true,
    value: (find) => requestRatio(find, 'segment'),
  },
  {
    what: 'HLS playlists a second: ours / nginx with the same files',
    target: 0.3,
    unit: '×',
    least: true,
    value: (find) => requestRatio(find, 'playlist'),
  },
  {
    what: 'CPU that HLS of 5 streams of 2 Mbps adds',
    target: 2,
    unit: '%',
    value: (find) => difference(find('muxing', 'srs', 5, 'with HLS')?.cpu, find('muxing', 'srs', 5, 'without')?.cpu),
  },
  {
    what: 'CPU of 300 forwards / 300 players',
    target: 1.2,
    unit: '×',
    value: (find) =>
      ratio(find('forward', 'srs', undefined, 'destinations')?.cpu, find('forward', 'srs', undefined, 'players')?.cpu),
  },
  {
    what: 'longest delay of the event loop that 10 API requests a second add, 2000 players',
    target: 10,
    unit: 'ms',
    value: (find) =>
      difference(find('api', 'srs', 2000, 'with requests')?.lag.max, find('api', 'srs', 2000, 'without')?.lag.max),
  },
  { what: 'RSS at 1800 players', target: 110, unit: 'MB', value: (find) => find('fanout', 'srs', 1800)?.rss },
  {
    what: 'RSS that 200 stalled readers add',
    target: 20,
    unit: 'MB',
    value: (find) => difference(find('fanout', 'srs', 1800, '200 stalled')?.rss, find('fanout', 'srs', 1800)?.rss),
  },
  {
    what: 'the worst other player meanwhile, of its due',
    target: 90,
    unit: '%',
    least: true,
    value: (find) => find('fanout', 'srs', 1800, '200 stalled')?.worst,
  },
  {
    what: '200 publishers, 20 viewers: ours / nginx-rtmp (SRS 6.0 was 2.3 to 2.9)',
    target: 2.3,
    unit: '×',
    value: (find) => ratio(find('publishers', 'srs', 200)?.cpu, find('publishers', 'nginx', 200)?.cpu),
  },
  {
    what: '500 publishers, 500 viewers: worst backlog',
    target: 500,
    unit: 'ms',
    value: (find) => find('publishers', 'srs', 500)?.publisher.backlog_ms_max,
  },
  {
    what: 'the same: the worst viewer, of its due',
    target: 90,
    unit: '%',
    least: true,
    value: (find) => find('publishers', 'srs', 500)?.worst,
  },
  { what: 'latency p50, 100 viewers', target: 0.8, unit: 'ms', value: (find) => find('latency', 'srs')?.video?.p50 },
  { what: 'latency p99, 100 viewers', target: 2.5, unit: 'ms', value: (find) => find('latency', 'srs')?.video?.p99 },
  { what: 'join: play to first key frame, p50', target: 3, unit: 'ms', value: (find) => find('join', 'srs')?.join.p50 },
  { what: 'start: exec to listening', target: 500, unit: 'ms', value: (find) => find('start', 'srs')?.ms },
];

/** @param {Target} t @param {number | undefined} value */
export function verdict({ target, unit, least = false }, value) {
  if (value === undefined) return 'no sound measurement';
  if (least ? value >= target : value <= target) return 'met';
  const off = Math.abs(value - target);
  return `missed by ${off < 10 ? off.toFixed(2) : off.toFixed(0)} ${unit}`;
}
