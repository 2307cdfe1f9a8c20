import { assert, describe, test } from 'vitest';
import { parseExposition } from '../../support/exposition.js';

const head = '# HELP m A metric.\n# TYPE m gauge\n';

test('what the format allows', () => {
  const families = parseExposition(`${head}m{a="x\\"y\\\\z\\n",b=""} 1.5e-3\nm{a="1"} +Inf\n\n`);
  assert.deepEqual(families.get('m')?.series[0], { name: 'm', labels: { a: 'x"y\\z\n', b: '' }, value: 0.0015 });
});

describe('what it does not', () => {
  for (const [name, text] of [
    ['no end of line', `${head}m 1`],
    ['no TYPE', '# HELP m A metric.\nm 1\n'],
    ['TYPE first', '# TYPE m gauge\n# HELP m A metric.\nm 1\n'],
    ['another family’s series', `${head}other 1\n`],
    ['a family twice', `${head}m 1\n${head}m 2\n`],
    ['a series twice', `${head}m{a="1",b="2"} 1\nm{b="2",a="1"} 1\n`],
    ['a raw quote', `${head}m{a="x"y"} 1\n`],
    ['an unknown escape', `${head}m{a="\\t"} 1\n`],
    ['a label without quotes', `${head}m{a=1} 1\n`],
    ['a value in words', `${head}m undefined\n`],
    ['a negative counter', '# HELP m A metric.\n# TYPE m counter\nm -1\n'],
    ['a comment', `# hello\n${head}m 1\n`],
    [
      'buckets that shrink',
      '# HELP h H.\n# TYPE h histogram\nh_bucket{le="1"} 2\nh_bucket{le="+Inf"} 1\nh_sum 1\nh_count 1\n',
    ],
    ['no last bucket', '# HELP h H.\n# TYPE h histogram\nh_bucket{le="1"} 1\nh_sum 1\nh_count 1\n'],
  ] as const)
    test(name, () => assert.throws(() => parseExposition(text)));
});
