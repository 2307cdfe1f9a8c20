import fc from 'fast-check';
import { assert, test } from 'vitest';
import { parseTree } from '../../src/config/grammar.js';
import { parseConfig } from '../../src/config/index.js';
import { printTree } from '../../src/config/print-tree.js';
import { scopeOf, type Words } from '../../src/config/scope.js';
import { laterInRoot, root } from '../../src/config/tables/root.js';
import type { Directive } from '../../src/config/tree.js';
import { ConfigError } from '../../src/kernel/index.js';

const where = /^[^\n]*fuzz\.conf:\d+:\d+: ./;

/** A configuration, or a ConfigError of which every line says where. */
function check(text: string): void {
  try {
    const { config, warnings } = parseConfig(text, 'fuzz.conf');
    assert.isAtLeast(config.listen.length, 1);
    for (const line of warnings) assert.match(line, where);
  } catch (error) {
    assert.instanceOf(error, ConfigError, String((error as Error).stack));
    for (const line of (error as ConfigError).message.split('\n')) assert.match(line, where);
  }
}

const names = new Set<string>();
const collect = (words: Words): void => {
  for (const [name, word] of words) {
    names.add(name);
    if (word.inside) collect(word.inside);
    if (word.named) collect(word.named.words);
  }
};
collect(scopeOf(root, laterInRoot).words);

const anyText = fc.string({ unit: 'binary', maxLength: 200 });
const pieces = fc.constantFrom(
  ...' \t\r\n;;;{{}}#"\'\\\ufeff',
  '""',
  'include',
  '1935',
  '[::]:1',
  'on',
  'off',
  '-1',
  '1e9',
  '__proto__',
);
const configLike = fc
  .array(fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...names) }, { weight: 4, arbitrary: pieces }, anyText), {
    maxLength: 60,
  })
  .chain((parts) => fc.constantFrom('', ' ').map((between) => parts.join(between)));

test('any text is a configuration or a ConfigError', () => {
  fc.assert(fc.property(fc.oneof(anyText, configLike), check), { numRuns: 2000 });
});

/** Text that follows the grammar, with known names at any place and any words. */
const word = fc.oneof(
  pieces.filter((piece) => /^[\w[-]/.test(piece) && piece !== 'include'),
  fc.string({ minLength: 1, maxLength: 8 }),
);
const printable = (text: string): boolean => text !== 'include' && !(text.includes('"') && text.includes("'"));

interface Shape {
  readonly name: string;
  readonly args: readonly string[];
  readonly block: readonly Shape[] | undefined;
}

const { list: shapes } = fc.letrec<{ list: Shape[]; one: Shape }>((tie) => ({
  list: fc.array(tie('one'), { maxLength: 5, depthIdentifier: 'blocks' }),
  one: fc.record({
    name: fc.oneof(fc.constantFrom(...names), word).filter(printable),
    args: fc.array(word.filter(printable), { maxLength: 4 }),
    block: fc.option(tie('list'), { nil: undefined, depthIdentifier: 'blocks', maxDepth: 5 }),
  }),
}));

const at = { source: { file: 'fuzz.conf', text: '' }, line: 1, column: 1 };
const treeOf = ({ name, args, block }: Shape): Directive => ({
  name,
  args: args.map((text) => ({ text, at })),
  block: block?.map(treeOf),
  at,
});
const shapeOf = ({ name, args, block }: Directive): Shape => ({
  name,
  args: args.map(({ text }) => text),
  block: block?.map(shapeOf),
});
const parse = (text: string): Directive[] => parseTree({ file: 'fuzz.conf', text }, () => assert.fail('no include'));

test('a tree that is printed and parsed is the same tree; and such text is a configuration or a ConfigError', () => {
  fc.assert(
    fc.property(shapes, (tree) => {
      const text = printTree(tree.map(treeOf));
      assert.deepEqual(parse(text).map(shapeOf), tree);
      check(text);
    }),
    { numRuns: 1000 },
  );
});

test('what was parsed can be printed, and parses to the same again', () => {
  fc.assert(
    fc.property(configLike, (text) => {
      let tree: Directive[];
      try {
        tree = parse(text.replaceAll('include', 'x'));
      } catch (error) {
        assert.instanceOf(error, ConfigError);
        return;
      }
      assert.deepEqual(parse(printTree(tree)).map(shapeOf), tree.map(shapeOf));
    }),
    // Only at the start of a file is a byte order mark none of the word.
    { numRuns: 1000, examples: [[`x; \ufeff'"";`], [`\ufeff\ufeffx;`]] },
  );
});

test('settings in any order and number: the same rules', () => {
  const values = fc.constantFrom(
    'on',
    'off',
    '0',
    '1',
    '128',
    '65536',
    '-5',
    '10s',
    'full',
    'file',
    'auto',
    'x',
    '1935',
    '[::]:19',
    '""',
  );
  const setting = fc
    .tuple(fc.constantFrom(...names), fc.array(values, { maxLength: 3 }))
    .map(([name, args]) => `${[name, ...args].join(' ')};`);
  const block = fc
    .tuple(fc.constantFrom('play', 'publish', 'mr', 'pithy_print', 'hls'), fc.array(setting, { maxLength: 5 }))
    .map(([name, inner]) => `${name} { ${inner.join('')} }`);
  const body = fc.array(fc.oneof(setting, block), { maxLength: 8 }).map((lines) => lines.join('\n'));
  fc.assert(
    fc.property(body, body, (top, vhost) => check(`listen 1935;\n${top}\nvhost a {\n${vhost}\n}`)),
    { numRuns: 1000 },
  );
});

test.each([
  ['a million characters of one word', 'a'.repeat(1_000_000)],
  ['a hundred thousand open blocks', 'a{'.repeat(100_000)],
  ['a hundred thousand blocks', `${'vhost a{'.repeat(100_000)}${'}'.repeat(100_000)}`],
  ['a hundred thousand unknown names', 'listem 1;'.repeat(100_000)],
  ['a hundred thousand known names', `listen 1;${'gop_cache on;'.repeat(100_000)}`],
  ['many listeners', `listen ${Array.from({ length: 3000 }, (_, i) => i).join(' ')};`],
  ['one listener a hundred thousand times', `listen ${'1935 '.repeat(100_000)};`],
  ['a hundred thousand quotes', `a ${'"b" '.repeat(100_000)};`],
])('%s: in bearable time', (_, text) => {
  const start = performance.now();
  check(text);
  assert.isBelow(performance.now() - start, 10_000);
});
