import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import ts from 'typescript';
import { describe, test } from 'vitest';

const root = join(import.meta.dirname, '../..');
const cruiser = join(root, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');

interface Violation {
  from: string;
  to: string;
  rule: { name: string };
}

/** Runs the rules of .dependency-cruiser.cjs on `dir`/src. @returns one line `rule: from → to` per breach. */
function breaches(dir: string): string[] {
  const run = spawnSync(
    process.execPath,
    [cruiser, '--config', join(root, '.dependency-cruiser.cjs'), '-T', 'json', 'src'],
    { cwd: dir, encoding: 'utf8', maxBuffer: 64 * 2 ** 20 },
  );
  assert.ok(run.stdout.startsWith('{'), `dependency-cruiser did not run: ${run.stderr}`);
  const violations = JSON.parse(run.stdout).summary.violations as Violation[];
  return violations.map(({ from, to, rule }) => `${rule.name}: ${from} → ${to}`).sort();
}

/** What pure rooms may not name, because it reaches out of the computation: time, chance, sockets, the process. */
const impure = new Set(
  [
    'process fetch WebSocket console performance queueMicrotask',
    'setTimeout setInterval setImmediate clearTimeout clearInterval clearImmediate',
  ].flatMap((line) => line.split(' ')),
);

/** @returns globals of `impure` that the source uses, `name:line`; a property or a declaration of that name is fine. */
function impureGlobals(file: string, text: string): string[] {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.ES2023, true);
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node) && impure.has(node.text)) {
      const { parent } = node;
      const isName = 'name' in parent && parent.name === node;
      if (!isName || ts.isShorthandPropertyAssignment(parent))
        found.push(`${node.text}:${source.getLineAndCharacterOfPosition(node.pos).line + 1}`);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/** Writes `files` into a fresh directory, runs `use` on it and removes it. */
function withTree<T>(files: Record<string, string>, use: (dir: string) => T): T {
  const dir = mkdtempSync(join(tmpdir(), 'srs-arch-'));
  try {
    const all = {
      'package.json': '{"type":"module","dependencies":{"pino":"1.0.0","left-pad":"1.0.0"}}',
      'tsconfig.json': readFileSync(join(root, 'tsconfig.json'), 'utf8'),
      'node_modules/pino/package.json': '{"name":"pino","version":"1.0.0","main":"index.js"}',
      'node_modules/pino/index.js': 'module.exports = 1;',
      'node_modules/left-pad/package.json': '{"name":"left-pad","version":"1.0.0","main":"index.js"}',
      'node_modules/left-pad/index.js': 'module.exports = 1;',
      ...files,
    };
    for (const [path, text] of Object.entries(all)) {
      mkdirSync(dirname(join(dir, path)), { recursive: true });
      writeFileSync(join(dir, path), text);
    }
    return use(dir);
  } finally {
    rmSync(dir, { recursive: true });
  }
}

describe('the rooms of src/', () => {
  test('src/ holds the rooms of the table, the library entry, and nothing else', () => {
    const rooms = 'core kernel protocol config link stream relay session deliver intake http app main console'.split(
      ' ',
    );
    const strangers = readdirSync(join(root, 'src')).filter((name) => !rooms.includes(name) && name !== 'client.ts');
    assert.deepEqual(strangers, []);
  });

  test('imports point strictly down, through front doors, packages stay in their room', () => {
    assert.deepEqual(breaches(root), []);
  });

  test.for(['core', 'protocol'])('%s/ is pure: no timers, no clock, no process', (room) => {
    const dir = join(root, 'src', room);
    const files = readdirSync(dir, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
    const found = files.flatMap((name) =>
      impureGlobals(name, readFileSync(join(dir, name), 'utf8')).map((use) => `${room}/${name} uses ${use}`),
    );
    assert.deepEqual(found, []);
  });
});

describe('the rules bite', () => {
  const sound = {
    'src/core/index.ts': 'export const one = 1;\n',
    'src/kernel/index.ts': "export { one } from '../core/index.js';\nimport 'pino';\nimport 'node:fs';\n",
    'src/protocol/amf/index.ts': "import 'node:crypto';\nexport const amf = 1;\n",
    'src/protocol/rtmp/index.ts': "export { amf } from '../amf/index.js';\n",
    'src/link/index.ts': "export { amf } from '../protocol/rtmp/index.js';\nexport type { Inner } from './inner.js';\n",
    'src/link/inner.ts': 'export type Inner = 1;\n',
    'src/stream/index.ts': "export { one } from '../kernel/index.js';\n",
    'src/app/index.ts': "export { one } from '../stream/index.js';\n",
    'src/client.ts': "export { amf } from './link/index.js';\n",
  };

  test('a sound tree has no breach', () => {
    assert.deepEqual(withTree(sound, breaches), []);
  });

  test('every planted breach is found', () => {
    const planted = {
      'src/kernel/up.ts': "import { amf } from '../link/index.js';\nexport const a = amf;\n",
      'src/kernel/up-type.ts': "import type { Inner } from '../link/index.js';\nexport type A = Inner;\n",
      'src/kernel/up-late.ts': "export const late = () => import('../link/index.js');\n",
      'src/link/sideways.ts': "import { one } from '../stream/index.js';\nexport const a = one;\n",
      'src/app/back-door.ts': "import type { Inner } from '../link/inner.js';\nexport type A = Inner;\n",
      'src/app/logs.ts': "import pino from 'pino';\nexport const a = pino;\n",
      'src/app/pads.ts': "import pad from 'left-pad';\nexport const a = pad;\n",
      'src/app/lost.ts': "import nothing from 'nowhere';\nexport const a = nothing;\n",
      'src/app/library.ts': "export { amf } from '../client.js';\n",
      'src/protocol/amf/reads.ts': "import { readFileSync } from 'node:fs';\nexport const a = readFileSync;\n",
      'src/core/dials.ts': "import { connect } from 'net';\nexport const a = connect;\n",
      'src/app/cycle-a.ts': "import { b } from './cycle-b.js';\nexport const a = () => b;\n",
      'src/app/cycle-b.ts': "import { a } from './cycle-a.js';\nexport const b = () => a;\n",
      'src/client.ts': "export { one } from './app/index.js';\n",
    };
    const found = withTree({ ...sound, ...planted }, breaches);
    const missed = [
      'kernel-imports-down: src/kernel/up.ts → src/link/index.ts',
      'kernel-imports-down: src/kernel/up-type.ts → src/link/index.ts',
      'kernel-imports-down: src/kernel/up-late.ts → src/link/index.ts',
      'link-imports-down: src/link/sideways.ts → src/stream/index.ts',
      'front-door: src/app/back-door.ts → src/link/inner.ts',
      'pino-in-kernel: src/app/logs.ts → node_modules/pino/index.js',
      'package-without-room: src/app/pads.ts → node_modules/left-pad/index.js',
      'unresolved: src/app/lost.ts → nowhere',
      'app-imports-down: src/app/library.ts → src/client.ts',
      'protocol-no-io: src/protocol/amf/reads.ts → fs',
      'core-no-io: src/core/dials.ts → net',
      'no-cycles: src/app/cycle-a.ts → src/app/cycle-b.ts',
      'client-imports: src/client.ts → src/app/index.ts',
    ].filter((breach) => !found.includes(breach));
    assert.deepEqual(missed, [], `found only:\n${found.join('\n')}`);
  });

  test('a timer or the process in pure code is found, a property of that name is not', () => {
    assert.deepEqual(impureGlobals('a.ts', 'setTimeout(() => {}, 1);\nconst p = { process };\n'), [
      'setTimeout:1',
      'process:2',
    ]);
    assert.deepEqual(impureGlobals('a.ts', 'class A { process() {} }\nnew A().process();\n'), []);
  });
});
