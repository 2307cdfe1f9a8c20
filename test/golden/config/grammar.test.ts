import { assert, describe, test } from 'vitest';
import { parseTree } from '../../../src/config/grammar.js';
import type { Directive } from '../../../src/config/tree.js';
import { ConfigError } from '../../../src/kernel/index.js';

/** `name@line:column` and its words, then the block. */
type Shape = readonly [name: string, args: readonly string[], block?: readonly Shape[]];

const shapeOf = ({ name, args, block, at }: Directive): Shape => {
  const head = [
    `${name}@${at.line}:${at.column}`,
    args.map((arg) => `${arg.text}@${arg.at.line}:${arg.at.column}`),
  ] as const;
  return block ? [...head, block.map(shapeOf)] : head;
};

const noIncludes = () => assert.fail('nothing is included here');
const parse = (text: string) => parseTree({ file: 'a.conf', text }, noIncludes);

const accepted: { name: string; text: string; want: readonly Shape[] }[] = [
  {
    name: 'a directive with two words',
    text: 'listen 1935 19350;',
    want: [['listen@1:1', ['1935@1:8', '19350@1:13']]],
  },
  { name: 'no words', text: 'enabled;', want: [['enabled@1:1', []]] },
  { name: 'an empty file', text: '', want: [] },
  { name: 'only blanks and comments', text: ' \t\r\n# a\n  # b', want: [] },
  { name: 'a block', text: 'vhost a { b c; }', want: [['vhost@1:1', ['a@1:7'], [['b@1:11', ['c@1:13']]]]] },
  { name: 'an empty block without blanks', text: 'vhost a{}', want: [['vhost@1:1', ['a@1:7'], []]] },
  {
    name: 'all blanks are equal: a directive over several lines',
    text: 'a\n b\r\n\tc\n;',
    want: [['a@1:1', ['b@2:2', 'c@3:2']]],
  },
  {
    name: '`;` and `{` end a token',
    text: 'a b;c{d;}',
    want: [
      ['a@1:1', ['b@1:3']],
      ['c@1:5', [], [['d@1:7', []]]],
    ],
  },
  { name: '`}` inside a token is a letter', text: 'a foo} b}c;', want: [['a@1:1', ['foo}@1:3', 'b}c@1:8']]] },
  {
    name: '`}` after `;`, `{` and `}` closes',
    text: 'a{b{c;}}d;',
    want: [
      ['a@1:1', [], [['b@1:3', [], [['c@1:5', []]]]]],
      ['d@1:9', []],
    ],
  },
  {
    name: '`#` inside a token is a letter',
    text: 'a fontcolor=#cccccc b#;',
    want: [['a@1:1', ['fontcolor=#cccccc@1:3', 'b#@1:21']]],
  },
  {
    name: '`#` where a token starts is a comment, also amid a directive',
    text: 'a # b; {\n c;#d\n',
    want: [['a@1:1', ['c@2:2']]],
  },
  { name: '`#` in quotes is a letter', text: 'a "# b";', want: [['a@1:1', ['# b@1:3']]] },
  {
    name: 'quotes hold blanks, `;`, `{`, `}`, the other quote and line ends',
    text: `a "x ;{}'\ny" '"';b;`,
    want: [
      ['a@1:1', [`x ;{}'\ny@1:3`, '"@2:4']],
      ['b@2:8', []],
    ],
  },
  {
    name: 'a quoted token ends at `;` and `{`',
    text: `a 'b';'c'{}`,
    want: [
      ['a@1:1', ['b@1:3']],
      ['c@1:7', [], []],
    ],
  },
  { name: 'a quote inside a token is a letter', text: `a b"c d'e';`, want: [['a@1:1', ['b"c@1:3', "d'e'@1:7"]]] },
  {
    name: 'an empty quoted string is no word',
    text: `key "" '' x;b "";`,
    want: [
      ['key@1:1', ['x@1:11']],
      ['b@1:13', []],
    ],
  },
  { name: 'the name is the first word that is not empty', text: '"" a b;', want: [['a@1:4', ['b@1:6']]] },
  {
    name: 'a name may be quoted and hold anything',
    text: '"x y" 1; profile:a 2;',
    want: [
      ['x y@1:1', ['1@1:7']],
      ['profile:a@1:10', ['2@1:20']],
    ],
  },
  { name: 'names are case-sensitive', text: 'Listen 1;', want: [['Listen@1:1', ['1@1:8']]] },
  {
    name: 'a byte order mark is skipped and has no column',
    text: '\ufefflisten 1;',
    want: [['listen@1:1', ['1@1:8']]],
  },
  { name: 'other blanks are letters', text: 'a b\u00a0c\vd;', want: [['a@1:1', ['b\u00a0c\vd@1:3']]] },
  { name: 'a carriage return alone is a blank and ends no line', text: 'a\rb;', want: [['a@1:1', ['b@1:3']]] },
];

/** The exact message after `a.conf:`. */
const refused: { name: string; text: string; want: string }[] = [
  {
    name: 'end of file, a directive is pending',
    text: 'listen 1935',
    want: '1:8: is a ";" missing after "listen 1935"?',
  },
  {
    name: 'end of file on a later line',
    text: 'listen\n1935\n',
    want: '2:1: is a ";" missing after "1935"?',
  },
  {
    name: 'end of file in a quote',
    text: 'a "b;\n}\n',
    want: '3:1: unexpected end of file; the quote opened at 1:3 is not closed',
  },
  {
    name: 'end of file in a quoted name',
    text: "'",
    want: '1:2: unexpected end of file; the quote opened at 1:1 is not closed',
  },
  {
    name: 'end of file in a block: the place of its directive',
    text: 'a;\n b {\n c;\n',
    want: '2:2: "b" opened here is not closed',
  },
  {
    name: 'end of file in a block in a block: the inner one',
    text: 'a {\n b {',
    want: '2:2: "b" opened here is not closed',
  },
  { name: '`}` at file level', text: 'a;\n}', want: '2:1: unexpected `}`' },
  { name: '`}` too many', text: 'a { } }', want: '1:7: unexpected `}`' },
  { name: '`}` with words pending', text: 'v {\n a b }', want: '2:4: is a ";" missing after "a b"?' },
  { name: '`;` with nothing pending', text: 'a;;', want: '1:3: unexpected `;`' },
  { name: '`;` after a block', text: 'a { };', want: '1:6: unexpected `;`' },
  { name: '`{` with nothing pending', text: '\n{ }', want: '2:1: unexpected `{`' },
  { name: 'a letter after a closing quote', text: 'a "b"c;', want: "1:6: unexpected 'c' after the closing quote" },
  { name: '`}` after a closing quote', text: 'a { b "c"}', want: "1:10: unexpected '}' after the closing quote" },
  {
    name: 'a control character after a closing quote',
    text: 'a ""\u0007',
    want: String.raw`1:5: unexpected '\u{7}' after the closing quote`,
  },
  { name: 'a directive whose only word is empty', text: 'a {\n "";\n}', want: '2:2: empty directive' },
  { name: 'the same for a block', text: '"" {}', want: '1:1: empty directive' },
  { name: 'include without a file', text: 'a { include; }', want: '1:5: include needs at least one file' },
  { name: 'include with a block', text: 'include a { }', want: '1:1: include takes files, not a block' },
];

describe('spec §1', () => {
  for (const { name, text, want } of accepted) test(name, () => assert.deepEqual(parse(text).map(shapeOf), want));

  test('nothing escapes', () => {
    assert.deepEqual(parse(String.raw`a b\; "c\" d;`).map(shapeOf), [
      ['a@1:1', ['b\\@1:3']],
      ['c\\@1:7', ['d@1:12']],
    ]);
  });

  test('as deep as the text says', () => {
    const depth = 200_000;
    let [inner] = parse('a{'.repeat(depth) + '}'.repeat(depth));
    let levels = 0;
    for (; inner; inner = inner.block?.[0]) levels++;
    assert.equal(levels, depth);
  });
});

describe('spec §1.1', () => {
  for (const { name, text, want } of refused)
    test(name, () => {
      let error: unknown;
      try {
        parse(text);
      } catch (caught) {
        error = caught;
      }
      assert.instanceOf(error, ConfigError);
      const { code, message, context } = error as ConfigError;
      assert.equal(message, `a.conf:${want}`);
      assert.equal(code, 'CONFIG_SYNTAX');
      const [line, column] = want.split(':').map(Number);
      assert.deepEqual(context, { file: 'a.conf', line, column });
    });
});
