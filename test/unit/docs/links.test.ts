import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, test } from 'vitest';

const root = join(import.meta.dirname, '../../..');

const pages = [
  ...['README.md', 'CHANGELOG.md', 'CONTRIBUTING.md'].map((name) => join(root, name)),
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(root, 'docs', name)),
];

/** The text without fenced blocks and code spans, where a link is no link. */
const prose = (text: string): string => text.replaceAll(/^```.*?^```/gms, '').replaceAll(/`[^`\n]*`/g, '');

/** GitHub's rule for the anchor of a heading. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replaceAll(/\s/g, '-');

const anchorsOf = (file: string): Set<string> =>
  new Set(
    [
      ...readFileSync(file, 'utf8')
        .replaceAll(/^```.*?^```/gms, '')
        .matchAll(/^#+ (.+)$/gm),
    ].map((m) => anchorOf(m[1] ?? '')),
  );

describe('links between the pages', () => {
  test.each(pages.map((page) => [relative(root, page), page]))('%s', (_, page) => {
    const broken: string[] = [];
    for (const [, target = ''] of prose(readFileSync(page, 'utf8')).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(target)) continue;
      const [path = '', anchor] = target.split('#');
      const file = path === '' ? page : join(dirname(page), path);
      if (!existsSync(file)) broken.push(target);
      else if (anchor !== undefined && file.endsWith('.md') && !anchorsOf(file).has(anchor)) broken.push(target);
    }
    assert.deepEqual(broken, []);
  });

  test('every page of docs/ is in its index', () => {
    const index = readFileSync(join(root, 'docs/README.md'), 'utf8');
    const missing = pages
      .map((page) => relative(join(root, 'docs'), page))
      .filter((name) => !name.startsWith('..') && name !== 'README.md' && !index.includes(`](${name})`));
    assert.deepEqual(missing, []);
  });
});
