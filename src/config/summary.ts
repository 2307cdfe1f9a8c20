import { printAddress } from '../core/index.js';
import { listenersOf } from './listeners.js';
import type { LoadedConfig } from './load.js';
import { camelCase, type DirectiveTable, type ValueRow } from './table.js';
import { root } from './tables/root.js';
import { vhost } from './tables/vhost.js';

/** What a configuration would run. */
export interface Summary {
  readonly listeners: readonly { readonly name: string; readonly address: string }[];
  /** Blocks at the top of the file that are enabled. */
  readonly features: readonly string[];
  readonly vhosts: readonly {
    readonly name: string;
    readonly enabled: boolean;
    /** Blocks of the vhost that are enabled; `edge` for one of mode remote. */
    readonly features: readonly string[];
  }[];
  readonly warnings: readonly string[];
}

type Values = Readonly<Record<string, unknown>>;

export function summarize({ config, warnings }: LoadedConfig): Summary {
  return {
    listeners: listenersOf(root, config as unknown as Values).map(({ name, address }) => ({
      name,
      address: printAddress(address),
    })),
    features: featuresOf(root, config as unknown as Values),
    vhosts: [...config.vhosts.values()].map((one) => ({
      name: one.name,
      enabled: one.enabled,
      features: [...(one.cluster.mode === 'remote' ? ['edge'] : []), ...featuresOf(vhost, one as unknown as Values)],
    })),
    warnings,
  };
}

function featuresOf(rows: DirectiveTable, values: Values): string[] {
  const names = Object.entries(rows).flatMap(([key, row]) => {
    const value = values[camelCase(key)];
    if (row.type === 'strings') return (value as readonly string[]).length > 0 ? blockNamedLike(row, rows) : [];
    if (row.type === 'block') return isOn(row.rows, value as Values) ? [key] : [];
    if (row.type !== 'named' || isOnByDefault(row.rows)) return [];
    const blocks = [...(value as ReadonlyMap<string, Values>).values()];
    return blocks.some(({ enabled }) => enabled === true) ? [row.spelled?.[0] ?? key] : [];
  });
  return [...new Set(names)];
}

/** A list that is written under the name of a block does what the block does: `forward HOST;`. */
const blockNamedLike = ({ spelled = [] }: ValueRow, rows: DirectiveTable): string[] =>
  spelled.filter((name) => rows[name]?.type === 'block');

/** A block that is on by default, such as refer, does something only once a list of it is filled. */
function isOn(rows: DirectiveTable, values: Values): boolean {
  const filled = Object.values(values).some((value) => Array.isArray(value) && value.length > 0);
  return values.enabled === true && (!isOnByDefault(rows) || filled);
}

const isOnByDefault = ({ enabled }: DirectiveTable): boolean => enabled?.type === 'onoff' && enabled.default;

/** A few lines for the operator; the warnings are not among them. */
export function printSummary({ listeners, features, vhosts }: Summary): string {
  const lines = listeners.map(({ name, address }) => `listens on ${address} for ${name}`);
  if (features.length > 0) lines.push(`with ${features.join(', ')}`);
  for (const { name, enabled, features: own } of vhosts) {
    const what = enabled ? own.join(', ') : 'disabled';
    lines.push(`vhost ${name}${what === '' ? '' : `: ${what}`}`);
  }
  return lines.join('\n');
}
