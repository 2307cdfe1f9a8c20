import { assert, describe, test } from 'vitest';
import { type LoadedConfig, parseConfig } from '../../../src/config/index.js';
import { boundsOf } from '../../../src/config/schema.js';
import { camelCase, type DirectiveTable, type ValueRow } from '../../../src/config/table.js';
import { root } from '../../../src/config/tables/root.js';
import { vhost } from '../../../src/config/tables/vhost.js';

interface Spelled {
  readonly spelled: readonly string[];
  readonly row: ValueRow;
  /** Keys that lead to the value in the typed configuration. */
  readonly keys: readonly string[];
}

/** Rows with more than one spelling. */
const several = (rows: DirectiveTable, around: readonly string[] = []): Spelled[] =>
  Object.entries(rows).flatMap(([name, row]) => {
    const keys = [...around, camelCase(name)];
    if (row.type === 'block') return several(row.rows, keys);
    if (row.type === 'named' || (row.spelled?.length ?? 0) < 2) return [];
    return [{ spelled: row.spelled ?? [], row, keys }];
  });

/** Two values that are not the default. */
function samples(row: ValueRow): [string, string] {
  switch (row.type) {
    case 'onoff':
      return row.default ? ['off', 'on'] : ['on', 'off'];
    case 'enum':
      return [...row.values.filter((value) => value !== row.default), row.default] as [string, string];
    case 'listen':
      return ['77', '78'];
    case 'string':
    case 'strings':
      return ['x', 'y'];
    default: {
      const { min } = boundsOf(row as Parameters<typeof boundsOf>[0]);
      return [String(min + 1), String(min + 2)];
    }
  }
}

/** `a.b.c` → `a { b { c VALUE; } }` */
const write = (path: string, value: string): string =>
  path
    .split('.')
    .reverse()
    .reduce((inner, name, i) => (i === 0 ? `${name} ${value};` : `${name} { ${inner} }`), '');

/** Directives without which another one is an error. */
const NEEDED: Readonly<Record<string, string>> = { 'mode remote': 'origin h;' };

const needed = (text: string): string =>
  Object.entries(NEEDED)
    .flatMap(([wanted, more]) => (text.includes(wanted) ? [more] : []))
    .join(' ');

const load = (where: 'file' | 'vhost', text: string) =>
  where === 'file'
    ? parseConfig(`listen 1; ${text} vhost v { }`, 'a.conf')
    : parseConfig(`listen 1; vhost v { ${text} ${needed(text)} }`, 'a.conf');

const known = [
  ...several(root).map((one) => ({ where: 'file' as const, ...one })),
  ...several(vhost).map((one) => ({ where: 'vhost' as const, ...one })),
];

describe('spec §8.1: all spellings are one setting, the first that is seen counts', () => {
  for (const { where, spelled, row, keys } of known)
    test(`${where}: ${spelled.join(', ')}`, () => {
      const [value, other] = samples(row);
      const [first = '', ...rest] = spelled;
      const valueIn = ({ config }: LoadedConfig): unknown =>
        keys.reduce<unknown>(
          (inner, key) => (inner as Record<string, unknown>)[key],
          where === 'file' ? config : config.vhosts.get('v'),
        );
      const want = valueIn(load(where, write(first, value)));
      assert.notDeepEqual(want, valueIn(load(where, '')));
      for (const spelling of rest) {
        assert.deepEqual(valueIn(load(where, write(spelling, value))), want, spelling);
        const both = load(where, `${write(spelling, value)} ${write(first, other)}`);
        assert.deepEqual(valueIn(both), want, spelling);
        assert.match(both.warnings.join(), / is ignored, it is set at a\.conf:1:\d+/, spelling);
      }
    });

  test('the list of the specification is among them', () => {
    const has = (old: string, now: string): boolean =>
      known.some(({ spelled }) => spelled.includes(old) && spelled.includes(now));
    for (const name of `time_jitter mix_correct atc atc_auto mw_latency gop_cache queue_length send_min_interval
      reduce_sequence_header`.split(/\s+/))
      assert.isTrue(has(name, `play.${name}`), name);
    assert.isTrue(has('mr.enabled', 'publish.mr'));
    assert.isTrue(has('mr.latency', 'publish.mr_latency'));
    assert.isTrue(has('publish_1stpkt_timeout', 'publish.firstpkt_timeout'));
    assert.isTrue(has('publish_normal_timeout', 'publish.normal_timeout'));
    assert.isTrue(has('pithy_print.play', 'pithy_print_ms'));
  });
});
