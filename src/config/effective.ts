import { type DocBlock, documented } from './docs-rows.js';
import type { LoadedConfig } from './load.js';
import { maskValue } from './mask.js';
import { root } from './tables/root.js';

/** A setting that is in force. */
export interface EffectiveValue {
  readonly name: string;
  readonly value: unknown;
  /** `FILE:LINE:COLUMN`, `environment NAME` or `default`. */
  readonly origin: string;
  /** A list that is written as one directive per item. */
  readonly each?: true;
  /** A block of names and values. */
  readonly pairs?: true;
}

/** A block of the file as it is in force, every setting filled in. */
export interface EffectiveBlock {
  /** The words before `{`; none for the file itself. */
  readonly opens: readonly string[];
  readonly values: readonly EffectiveValue[];
  readonly blocks: readonly EffectiveBlock[];
}

type Values = Readonly<Record<string, unknown>>;

/** Where the values of a scope are, and how its places begin in `origins`: `vhosts/NAME/`. */
interface Place {
  readonly values: Values;
  readonly prefix: string;
  readonly outer: Place | undefined;
}

/**
 * A loaded configuration by the blocks of the file, each setting under its preferred name.
 * @param mask hides secrets and what URLs carry of them.
 */
export function effective({ config, origins }: LoadedConfig, mask: boolean): EffectiveBlock {
  const shown = mask ? maskValue : (_: unknown, value: unknown) => value;
  const originOf = (place: Place | undefined, path: string, inherit: boolean): string => {
    if (place === undefined) return 'default';
    return origins.get(place.prefix + path.slice(1)) ?? (inherit ? originOf(place.outer, path, true) : 'default');
  };
  const fill = (block: DocBlock, place: Place, opens: readonly string[]): EffectiveBlock => ({
    opens,
    values: block.rows.map(({ name, path, row }) => ({
      name,
      value: shown(row, valueAt(place.values, path)),
      origin: originOf(place, path, row.inherit === true),
      ...(row.type === 'strings' && row.each && { each: true as const }),
      ...(row.type === 'pairs' && { pairs: true as const }),
    })),
    blocks: block.blocks.flatMap((inner) => {
      const name = inner.opens?.split(' ')[0] ?? '';
      if (inner.each === undefined) return [fill(inner, place, [name])];
      const { each } = inner;
      const byId = valueAt(place.values, each) as ReadonlyMap<string, Values>;
      return [...byId].map(([id, values]) => {
        const prefix = `${place.prefix}${each.slice(1)}/${id}/`;
        return fill(inner, { values, prefix, outer: place }, id === '' ? [name] : [name, id]);
      });
    }),
  });
  return fill(documented(root), { values: config as unknown as Values, prefix: '', outer: undefined }, []);
}

const valueAt = (values: Values, path: string): unknown =>
  path
    .slice(1)
    .split('/')
    .reduce<unknown>((inner, key) => (inner as Values)[key], values);
