import { assert, describe, test } from 'vitest';
import { type DocBlock, documented } from '../../../src/config/docs-rows.js';
import { parseConfig } from '../../../src/config/index.js';
import { isSecret } from '../../../src/config/mask.js';
import { root } from '../../../src/config/tables/root.js';

/** Every line of the message, without `a.conf:`. */
const errorsOf = (text: string): string[] => {
  try {
    parseConfig(text, 'a.conf');
  } catch (error) {
    return (error as Error).message.split('\n').map((line) => line.replace(/^a\.conf:/, ''));
  }
  return [];
};

describe('a `;` that is missing is told where it is missing, and what follows is read as it was meant', () => {
  test.each([
    [
      'before a directive',
      'listen 1935\nmax_connections 0;\nvhost v { }',
      ['1:8: is a ";" missing after "listen 1935"?', '2:17: max_connections is 1 to 2147483647, not "0"'],
    ],
    [
      'before a block',
      'listen 1935;\nsrs_log_tank console\nvhost v {\n  gop_cach on;\n}',
      [
        '2:14: is a ";" missing after "srs_log_tank console"?',
        '4:3: unknown directive "gop_cach" in vhost, did you mean gop_cache?',
      ],
    ],
    [
      'several times',
      'listen 1935\npid x\n\nchunk_size 5\ndaemon on;\nvhost v { }',
      [
        '1:8: is a ";" missing after "listen 1935"?',
        '2:5: is a ";" missing after "pid x"?',
        '4:12: is a ";" missing after "chunk_size 5"?',
        '4:12: chunk_size is 128 to 65536 bytes, not "5"',
      ],
    ],
    [
      'in a block',
      'listen 1935;\nvhost v {\n  hls {\n    enabled on\n    hls_fragment 2;\n  }\n}',
      ['4:13: is a ";" missing after "enabled on"?'],
    ],
    ['before `}`', 'listen 1935;\nvhost v {\n  gop_cache on\n}', ['3:13: is a ";" missing after "gop_cache on"?']],
    [
      'a directive over several lines',
      'listen 1935\n  19350\npid x;\nvhost v { }',
      ['2:3: is a ";" missing after "19350"?'],
    ],
    ['at the end of the file', 'vhost v { }\nlisten 1935\n', ['2:8: is a ";" missing after "listen 1935"?']],
  ])('%s', (_, text, want) => assert.deepEqual(errorsOf(text), want));

  test('a value on a line of its own is a value', () =>
    assert.deepEqual(
      errorsOf(
        'listen\n  1935\n  19350;\nvhost v {\n  security {\n    enabled on;\n    allow\n      play all;\n  }\n}',
      ),
      [],
    ));
});

test('no secret is shown', () => {
  const namesIn = ({ rows, blocks }: DocBlock): string[] => [
    ...rows.flatMap(({ name, row }) => (isSecret(row) ? [name] : [])),
    ...blocks.flatMap(namesIn),
  ];
  const names = namesIn(documented(root));
  assert.include(names, 'write_token');
  for (const name of names)
    for (const rest of ['\nlisten 2;', '}', '', '\nenabled on; }'])
      for (const between of [' ', '\n'])
        assert.notInclude(errorsOf(`listen 1; vhost v { http_hooks { ${name}${between}hidden${rest}`).join(), 'hidden');
  assert.deepEqual(errorsOf('listen 1;\nvhost v {\nhttp_hooks {\nhook_secret hidden\nenabled on;\n}}'), [
    '4:13: is a ";" missing after "hook_secret …"?',
  ]);
  assert.deepEqual(errorsOf('listen 1;\nvhost v {\nforward rtmp://h/live/hidden?k=hidden\n}'), [
    '3:9: is a ";" missing after "forward rtmp://h/live/***?***"?',
  ]);
});

describe('a block that is not closed is told where it was opened', () => {
  test.each([
    ['listen 1935;\nvhost v {\n', ['2:1: "vhost" opened here is not closed']],
    ['listen 1935;\nvhost v {\n  hls {\n    enabled on;\n}\n', ['2:1: "vhost" opened here is not closed']],
    ['listen 1935;\n{\n', ['2:1: unexpected `{`']],
  ])('%j', (text, want) => assert.deepEqual(errorsOf(text), want));
});
