import { assert, describe, test } from 'vitest';
import { readTree } from '../../../src/config/grammar.js';
import { Problems } from '../../../src/config/problems.js';
import { readScope } from '../../../src/config/read-scope.js';
import { scopeOf } from '../../../src/config/scope.js';
import { settle } from '../../../src/config/settle.js';
import type { DirectiveTable } from '../../../src/config/table.js';

const rows = {
  tasks: {
    type: 'named',
    spelled: ['task'],
    example: 'a',
    optional: true,
    later: {},
    doc: '',
    rows: { options: { type: 'pairs', default: [], reload: 'live', doc: '' } },
  },
} as const satisfies DirectiveTable;

function load(text: string) {
  const source = { file: 'a.conf', text };
  const whole = { source, line: 1, column: 1 };
  const problems = new Problems();
  const noIncludes = () => assert.fail('no include here');
  const reading = readScope(scopeOf(rows, {}), readTree(source, noIncludes, problems), problems);
  const { tasks } = settle(rows, reading, whole, problems) as { tasks: ReadonlyMap<string, { options: unknown }> };
  problems.throwIfAny('a.conf');
  return { tasks, warnings: problems.warnings() };
}

describe('a block of names that are free', () => {
  test('keeps order, repeats, quoted words and names without a value (spec §1.2)', () => {
    const { tasks, warnings } = load('task x { options { i ./logo.png; f "a b"; i 2; flag; empty ""; } }');
    assert.deepEqual(tasks.get('x')?.options, [
      ['i', './logo.png'],
      ['f', 'a b'],
      ['i', '2'],
      ['flag', ''],
      ['empty', ''],
    ]);
    assert.deepEqual(warnings, []);
  });

  test('only the first value counts, with a warning', () => {
    const { tasks, warnings } = load('task { options { a b c; } }');
    assert.deepEqual(tasks.get('')?.options, [['a', 'b']]);
    assert.deepEqual(warnings, ['a.conf:1:22: a takes one value, the rest is ignored']);
  });

  test('left out, it is empty', () => assert.deepEqual(load('task { }').tasks.get('')?.options, []));

  test('has no blocks inside', () =>
    assert.throws(() => load('task { options { a { } } }'), 'a.conf:1:18: a in options takes a value, not a block'));

  test('needs its braces', () =>
    assert.throws(() => load('task { options a; }'), 'a.conf:1:8: options is a block: options { … }'));
});

describe('a named block without a name', () => {
  test('is one of its own', () => assert.deepEqual([...load('task { } task x { }').tasks.keys()], ['', 'x']));

  test('occurs once', () =>
    assert.deepEqual(load('task { }\ntask { }').warnings, [
      'a.conf:2:1: a task without a name is there already, this one is ignored',
    ]));
});
