// @ts-check
/** The results as Markdown: the same text on the terminal and in docs/performance.md. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './machine.mjs';
import { ratio, remarks, targets, verdict } from './targets.mjs';

/**
 * @typedef {{ part: string, server: string, variant: string, count: number, [measured: string]: any }} Row
 * @typedef {object} Results
 * @property {ReturnType<typeof import('./machine.mjs').describeMachine>} machine
 * @property {boolean} quick
 * @property {{ warm: number, window: number }} timing
 * @property {Row[]} rows
 * @property {number} kbps of the clip: what every player should get
 * @property {string[]} notes what was skipped or failed
 * @property {number} [minutes]
 */

const NAMES = /** @type {Record<string, string>} */ ({
  srs: 'ours',
  nginx: 'nginx-rtmp',
  nms: 'node-media-server',
  limit: 'bare C writer',
});

/** The CPU and memory of a row with remarks are not to be compared: a server that serves nobody is cheap. @param {Row} row @param {number} due */
function comparable(row, due) {
  const worst = row.kbps_min === undefined ? undefined : (row.kbps_min / due) * 100;
  return {
    ...row,
    worst,
    ...(remarks(row, due).length > 0 ? { cpu: undefined, rss: undefined, video: undefined } : {}),
  };
}

/** @param {Results} results @returns {import('./targets.mjs').Find} */
const finder =
  ({ rows, kbps }) =>
  (part, server, count, variant) => {
    const row = rows.find(
      (row) =>
        row.part === part &&
        row.server === server &&
        (count === undefined || row.count === count) &&
        (variant === undefined ? part !== 'fanout' || row.variant === '' : row.variant === variant),
    );
    return row && comparable(row, kbps);
  };

/** @param {number | undefined} value @param {number} digits */
const number = (value, digits = 1) => (value === undefined || Number.isNaN(value) ? '–' : value.toFixed(digits));

/** @param {string[]} head @param {string[][]} rows */
function table(head, rows) {
  if (rows.length === 0) return '';
  const widths = head.map((cell, i) => Math.max(cell.length, ...rows.map((row) => (row[i] ?? '').length)));
  const line = (/** @type {string[]} */ cells) =>
    `| ${cells.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(' | ')} |`;
  return [line(head), `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`, ...rows.map(line)].join('\n');
}

/** @param {Row} row */
const label = (row) => `${NAMES[row.server] ?? row.server}${row.variant ? `, ${row.variant}` : ''}`;

/** @param {Results} results */
function fanoutTable(results) {
  const find = finder(results);
  const rows = results.rows
    .filter((row) => row.part === 'fanout')
    .map((row) => {
      const over = (/** @type {string} */ peer) =>
        number(ratio(comparable(row, results.kbps).cpu, find('fanout', peer, row.count)?.cpu), 2);
      const ratios = row.server === 'srs' ? [over('limit'), over('nginx'), over('nms')] : ['', '', ''];
      const kbps = `${number(row.kbps_min, 0)} / ${number(row.kbps_median, 0)}`;
      return [
        `${row.count}`,
        label(row),
        `${number(row.cpu)} %`,
        `${number(row.rss, 0)} MB`,
        kbps,
        `${row.gap_ms_max}`,
        ...ratios,
        number(row.sink_cpu, 0),
        remarks(row, results.kbps).join('; '),
      ];
    });
  return table(
    [
      'players',
      'server',
      'CPU',
      'RSS',
      'kbps min / median',
      'longest gap, ms',
      '÷ C writer',
      '÷ nginx',
      '÷ nms',
      'sink CPU, %',
      '',
    ],
    rows,
  );
}

/** @param {Results} results */
function publishersTable(results) {
  const find = finder(results);
  const rows = results.rows
    .filter((row) => row.part === 'publishers')
    .map((row) => {
      const over = (/** @type {string} */ peer) =>
        row.server === 'srs'
          ? number(ratio(comparable(row, results.kbps).cpu, find('publishers', peer, row.count)?.cpu), 2)
          : '';
      const perCore = row.cpu > 95 ? `< ${row.count}` : number((row.count / row.cpu) * 100, 0);
      return [
        `${row.count}`,
        row.variant,
        label({ ...row, variant: '' }),
        `${number(row.cpu)} %`,
        `${number(row.rss, 0)} MB`,
        perCore,
        `${number(row.publisher?.backlog_ms_max, 0)}`,
        over('nginx'),
        over('nms'),
        remarks(row, results.kbps).join('; '),
      ];
    });
  return table(
    [
      'publishers',
      'viewers',
      'server',
      'CPU',
      'RSS',
      'publishers per core',
      'worst backlog, ms',
      '÷ nginx',
      '÷ nms',
      '',
    ],
    rows,
  );
}

/** @param {Results} results */
function deliveryTable(results) {
  const find = finder(results);
  const rows = results.rows
    .filter((row) => row.part === 'delivery')
    .map((row) => {
      const over = (/** @type {string} */ server, variant = row.variant) =>
        number(ratio(comparable(row, results.kbps).cpu, find('delivery', server, row.count, variant)?.cpu), 2);
      return [
        `${row.count}`,
        label(row),
        `${number(row.cpu)} %`,
        `${number(row.rss, 0)} MB`,
        `${number(row.kbps_min, 0)} / ${number(row.kbps_median, 0)}`,
        over(row.server, 'RTMP'),
        row.server === 'srs' ? over('nms') : '',
        remarks(row, results.kbps).join('; '),
      ];
    });
  return table(['players', 'server', 'CPU', 'RSS', 'kbps min / median', '÷ its RTMP', '÷ nms', ''], rows);
}

/** @param {Results} results */
function forwardTable(results) {
  const rows = results.rows
    .filter((row) => row.part === 'forward')
    .map((row) => [
      `${row.count} ${row.variant}`,
      `${number(row.cpu)} %`,
      `${number(row.rss, 0)} MB`,
      remarks(row, results.kbps).join('; '),
    ]);
  return table(['one stream to', 'CPU', 'RSS', ''], rows);
}

/** @param {Results} results */
function hlsTable(results) {
  const find = finder(results);
  const rows = results.rows
    .filter((row) => row.part === 'hls')
    .map((row) => [
      row.variant,
      row.server === 'nginx' ? 'nginx, files' : label({ ...row, variant: '' }),
      `${number(row.bytes / 1000, 1)} kB`,
      number(row.rps, 0),
      number(row.mbps, 0),
      `${number(row.cpu)} %`,
      row.server === 'srs' ? number(ratio(row.rps, find('hls', 'nginx', undefined, row.variant)?.rps), 2) : '',
      remarks(row, results.kbps).join('; '),
    ]);
  return table(['file', 'server', 'size', 'requests a second', 'Mbps', 'CPU', '÷ nginx', ''], rows);
}

/** @param {Results} results */
function muxingTable(results) {
  const rows = results.rows
    .filter((row) => row.part === 'muxing')
    .map((row) => [`${row.count}`, row.variant, `${number(row.cpu, 2)} %`, `${number(row.rss, 0)} MB`]);
  return table(['streams of 2 Mbps', 'HLS', 'CPU', 'RSS'], rows);
}

/** @param {Results} results */
function apiTable(results) {
  const rows = results.rows
    .filter((row) => row.part === 'api')
    .map((row) => [
      `${row.count}`,
      row.variant,
      `${number(row.cpu)} %`,
      number(row.lag.p99),
      number(row.lag.max),
      remarks(row, results.kbps).join('; '),
    ]);
  return table(['players', 'API', 'CPU', 'event loop late p99, ms', 'longest, ms', ''], rows);
}

/** @param {Results} results @param {string} part @param {string} field */
function timesTable(results, part, field) {
  const rows = results.rows
    .filter((row) => row.part === part)
    .map((row) => [
      label(row),
      ...['p50', 'p95', 'p99', 'max'].map((p) => number(row[field][p], 2)),
      `${row[field].count}`,
      remarks(row, results.kbps).join('; '),
    ]);
  return table(['server', 'p50, ms', 'p95', 'p99', 'max', 'samples', ''], rows);
}

/** @param {Results} results */
function startTable(results) {
  const rows = results.rows.filter((row) => row.part === 'start').map((row) => [label(row), `${number(row.ms, 0)}`]);
  return table(['server', 'exec to listening, ms'], rows);
}

/** @param {Results} results */
function microTable(results) {
  const cases = results.rows.find((row) => row.part === 'micro')?.micro ?? [];
  return table(
    ['operation', 'ns', 'MB/s'],
    cases.map((/** @type {{ name: string, ns: number, bytes: number }} */ { name, ns, bytes }) => [
      name,
      number(ns, 0),
      number((bytes / ns) * 1000, 0),
    ]),
  );
}

/** @param {Results} results */
function targetsTable(results) {
  const find = finder(results);
  return table(
    ['what', 'target', 'measured', ''],
    targets.map((t) => {
      const value = t.value(find);
      return [
        t.what,
        `${t.least ? '≥' : '≤'} ${t.target} ${t.unit}`,
        value === undefined ? '–' : `${number(value, 2)} ${t.unit}`,
        verdict(t, value),
      ];
    }),
  );
}

/** Sections with a table in them. @param {Results} results */
function sections(results) {
  return /** @type {[string, string][]} */ ([
    ['Against the targets', targetsTable(results)],
    ['Fan-out: one stream, many players', fanoutTable(results)],
    ['What the players speak', deliveryTable(results)],
    ['Many publishers', publishersTable(results)],
    ['Forward, default window', forwardTable(results)],
    ['HLS requests, 32 connections', hlsTable(results)],
    ['HLS muxing, nobody watching', muxingTable(results)],
    ['The API beside 2000 players, default window', apiTable(results)],
    [
      'Latency: publish to play, video messages, 100 other players, default configuration',
      timesTable(results, 'latency', 'video'),
    ],
    ['Join: from `play` to the first whole key frame', timesTable(results, 'join', 'join')],
    ['Start', startTable(results)],
    ['Micro-benchmarks', microTable(results)],
  ])
    .filter(([, body]) => body !== '')
    .map(([title, body]) => `## ${title}\n\n${body}\n`)
    .join('\n');
}

/** @param {Results} results */
export function printReport(results) {
  console.log(`\n${sections(results)}`);
  if (results.notes.length > 0) console.log(`${results.notes.join('\n')}\n`);
}

/** @param {string} name */
const included = (name) => {
  const file = join(import.meta.dirname, name);
  return existsSync(file) ? readFileSync(file, 'utf8').trim() : '';
};

/** @param {Results} results */
export function writeDocs(results, file = join(root, 'docs/performance.md')) {
  const { machine: m, notes } = results;
  const skipped = notes.length === 0 ? '' : `\n## Skipped\n\n${notes.map((text) => `- ${text}`).join('\n')}\n`;
  const versions = table(
    ['what', 'version'],
    [
      ['srs (ours)', m.srs],
      ['Node (ours and node-media-server)', m.node],
      ['nginx', `${m.nginx}, libnginx-mod-rtmp ${m.nginxRtmp}`],
      ['node-media-server', m.nms],
      ['Linux', m.kernel],
      ['CPU', m.cpu],
      ['open files per process', `${m.files}`],
    ],
  );
  writeFileSync(
    file,
    `# Performance

Measured on ${m.date} by \`npm run bench -- --write-docs${results.quick ? ' --quick' : ''}\`, which writes this page. Ratios within one run
mean something; absolute numbers belong to this machine.

${versions}

${sections(results)}${skipped}
${included('notes.md')}

${included('method.md').replaceAll('{warm}', `${results.timing.warm}`).replaceAll('{window}', `${results.timing.window}`)}
`,
  );
  console.log(`wrote ${file}`);
}
