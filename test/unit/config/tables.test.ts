import { assert, describe, test } from 'vitest';
import { splitAddress } from '../../../src/config/address.js';
import { nearMiss } from '../../../src/config/near-miss.js';
import { compileRows } from '../../../src/config/schema.js';
import { scopeOf, type Words } from '../../../src/config/scope.js';
import type { ConfigOf, DirectiveTable } from '../../../src/config/table.js';
import { laterInRoot, root } from '../../../src/config/tables/root.js';
import type { Ms, Seconds } from '../../../src/core/index.js';

describe('the tables', () => {
  test('no name both acts and is "not supported yet"', () => {
    const visit = (words: Words): void => {
      for (const [name, word] of words) {
        assert.isFalse(word.later !== undefined && (word.setting !== undefined || word.inside !== undefined), name);
        if (word.inside) visit(word.inside);
        if (word.named) visit(word.named.words);
      }
    };
    visit(scopeOf(root, laterInRoot).words);
  });

  test('every default keeps its own bounds', () => {
    const check = (rows: DirectiveTable): void => {
      const values = {};
      compileRows(rows, { useDefaults: true })(values);
      const validate = compileRows(rows);
      assert.isTrue(validate(values), JSON.stringify(validate.errors));
      for (const row of Object.values(rows)) if (row.type === 'block' || row.type === 'named') check(row.rows);
    };
    check(root);
  });

  test('every directive is described', () => {
    const check = (rows: DirectiveTable): void => {
      for (const [name, row] of Object.entries(rows)) {
        assert.match(row.doc, /^[\w_].*\.$/, name);
        if (row.type === 'block' || row.type === 'named') check(row.rows);
      }
    };
    check(root);
  });
});

test('types follow the table', () => {
  const table = {
    on_off: { type: 'onoff', default: false, reload: 'live', doc: '' },
    every_ms: { type: 'ms', default: undefined, reload: 'live', doc: '' },
    block: {
      type: 'block',
      doc: '',
      rows: { x_y_z: { type: 'enum', values: ['a', 'b'], default: 'a', reload: 'live', doc: '' } },
    },
    many: {
      type: 'named',
      doc: '',
      example: 'x',
      later: {},
      rows: { s: { type: 'seconds', default: 1, reload: 'live', doc: '' } },
    },
  } as const satisfies DirectiveTable;
  type Want = {
    readonly onOff: boolean;
    readonly everyMs: Ms | undefined;
    readonly block: { readonly xYZ: 'a' | 'b' };
    readonly many: ReadonlyMap<string, { readonly name: string } & { readonly s: Seconds }>;
  };
  const same: ConfigOf<typeof table> extends Want ? (Want extends ConfigOf<typeof table> ? true : false) : false = true;
  assert.isTrue(same);
});

test.each([
  ['listn', 'listen'],
  ['gop_cahce', 'gop_cache'],
  ['GOP_CACHE', 'gop_cache'],
  ['gopcache', 'gop_cache'],
  ['pis', 'pid'],
  ['unrelated', undefined],
  ['x'.repeat(100_000), undefined],
])('near miss of %.20s', (text, want) => {
  assert.equal(nearMiss(text, ['listen', 'gop_cache', 'pid', 'x'.repeat(64)]), want);
});

test.each([
  ['1935', { host: '', port: '1935' }],
  ['a:1', { host: 'a', port: '1' }],
  ['[::]:1', { host: '::', port: '1' }],
  ['[]:', { host: '', port: '' }],
  ['::1', undefined],
])('address %s', (text, want) => {
  assert.deepEqual(splitAddress(text), want);
});
