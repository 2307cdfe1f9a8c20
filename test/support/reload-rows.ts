import { type DocBlock, documented } from '../../src/config/docs-rows.js';
import type { ValueRow } from '../../src/config/table.js';
import { root } from '../../src/config/tables/root.js';

/** A setting with another value than the test's file gives it. */
export interface ReloadCase {
  /** `vhost play gop_cache` */
  readonly name: string;
  readonly row: ValueRow;
  /** The blocks around it, the outermost first; empty at the top of the file. */
  readonly blocks: readonly string[];
  /** `gop_cache off;` */
  readonly directive: string;
}

/**
 * Every directive that acts and that a reload can change, but for listeners and the switch of a whole vhost.
 * @param given values by name, for directives whose text has a form, or that the test's file sets itself.
 */
export function reloadCases(given: Readonly<Record<string, string>>): readonly ReloadCase[] {
  return casesOf(documented(root), []);

  function casesOf(block: DocBlock, blocks: readonly string[]): ReloadCase[] {
    const own = block.rows.flatMap(({ name, row }) => {
      const path = [...blocks, name].join(' ');
      if (row.type === 'listen' || path === 'vhost enabled') return [];
      const value = given[path] ?? otherValue(row);
      return [{ name: path, row, blocks, directive: row.type === 'pairs' ? `${name} ${value}` : `${name} ${value};` }];
    });
    return [...own, ...block.blocks.flatMap((next) => casesOf(next, [...blocks, next.opens?.split(' ')[0] ?? '']))];
  }
}

function otherValue(row: ValueRow): string {
  switch (row.type) {
    case 'onoff':
      return row.default ? 'off' : 'on';
    case 'enum':
      return row.values.find((value) => value !== row.default) ?? '';
    case 'string':
    case 'strings':
      return 'other.example.com';
    case 'pairs':
      return '{ threads 1; }';
    case 'listen':
      return row.example;
    default: {
      const value = row.default ?? row.min ?? 100;
      return String(row.max !== undefined && value >= row.max ? value - 1 : value + 1);
    }
  }
}
