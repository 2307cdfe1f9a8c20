/** A series of a scrape: its name, its labels in the order of the text, and its value. */
export interface Series {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Family {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly series: readonly Series[];
}

const TYPES = ['counter', 'gauge', 'histogram', 'summary', 'untyped'];
const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const VALUE = /^(?:[+-]?(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?|[+-]Inf|NaN)$/;

/**
 * Reads the text format of Prometheus as strictly as it is written down, and holds families to their types.
 * @see https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
 * @throws {Error} naming the line.
 */
export function parseExposition(text: string): Map<string, Family> {
  const families = new Map<string, Family>();
  if (!text.endsWith('\n')) throw new Error('the last line does not end');
  let open: { name: string; help: string; type: string; series: Series[] } | undefined;
  for (const line of text.slice(0, -1).split('\n')) {
    const fail = (why: string): never => {
      throw new Error(`${why}: ${line}`);
    };
    if (line === '') continue;
    const [, kind, name = '', rest = ''] = /^# (HELP|TYPE) (\S+) ?(.*)$/.exec(line) ?? [];
    if (kind === 'HELP') {
      if (!NAME.test(name)) fail('no metric name');
      if (families.has(name)) fail('a second family of this name');
      if (/\\[^\\n]/.test(rest)) fail('an escape that is none');
      open = { name, help: rest, type: '', series: [] };
      families.set(name, open);
    } else if (kind === 'TYPE') {
      if (open === undefined || open.name !== name || open.type !== '' || open.series.length > 0)
        fail('TYPE out of order');
      if (!TYPES.includes(rest)) fail('no type');
      if (open !== undefined) open.type = rest;
    } else if (line.startsWith('#')) {
      fail('neither HELP nor TYPE');
    } else {
      const series = readSeries(line, fail);
      if (open === undefined || open.type === '' || !belongs(series.name, open)) fail('a series outside of its family');
      open?.series.push(series);
    }
  }
  for (const family of families.values()) holdToType(family);
  return families;
}

function readSeries(line: string, fail: (why: string) => never): Series {
  const [, name = '', braces, rest = ''] = /^([^\s{]+)(?:\{((?:[^"}]|"(?:[^"\\]|\\.)*")*)\})? (.*)$/.exec(line) ?? [];
  if (!NAME.test(name)) fail('no metric name');
  if (!VALUE.test(rest)) fail('no value');
  const labels: Record<string, string> = {};
  let at = 0;
  const text = braces ?? '';
  const label = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"(,|$)/y;
  while (at < text.length) {
    label.lastIndex = at;
    const found = label.exec(text);
    if (found === null) return fail('no label');
    const [whole, key = '', value = ''] = found;
    if (key in labels) fail('a label twice');
    labels[key] = value.replaceAll(/\\(.)/g, (_, c: string) => (c === 'n' ? '\n' : c));
    at += whole.length;
  }
  return { name, labels, value: rest.endsWith('Inf') ? Number(rest.replace('Inf', 'Infinity')) : Number(rest) };
}

const belongs = (name: string, { name: family, type }: { name: string; type: string }): boolean =>
  type === 'histogram' ? [`${family}_bucket`, `${family}_sum`, `${family}_count`].includes(name) : name === family;

const keyOf = ({ name, labels }: Series): string => `${name} ${JSON.stringify(Object.entries(labels).sort())}`;

function holdToType({ name, help, type, series }: Family): void {
  if (help === '') throw new Error(`${name} has no help`);
  if (new Set(series.map(keyOf)).size !== series.length) throw new Error(`${name}: a series twice`);
  if (type === 'counter' && series.some(({ value }) => !(value >= 0))) throw new Error(`${name} counts below zero`);
  if (type === 'histogram')
    for (const count of series.filter((one) => one.name.endsWith('_count'))) holdBuckets(count, series);
}

function holdBuckets(count: Series, series: readonly Series[]): void {
  const same = ({ le: _, ...labels }: Readonly<Record<string, string>>) =>
    JSON.stringify(Object.entries(labels).sort());
  const buckets = series.filter((one) => one.name.endsWith('_bucket') && same(one.labels) === same(count.labels));
  const edges = buckets.map(({ labels }) => Number(labels.le?.replace('Inf', 'Infinity')));
  const rising = (list: readonly number[]) => list.every((n, i) => i === 0 || n >= (list[i - 1] ?? 0));
  const values = buckets.map(({ value }) => value);
  if (edges.at(-1) !== Number.POSITIVE_INFINITY || !rising(edges) || !rising(values) || values.at(-1) !== count.value)
    throw new Error(`${count.name}: its buckets do not add up`);
}
