import { type ListenAddress, printAddress } from './address.js';
import type { LoadedConfig } from './load.js';
import { camelCase, type DirectiveTable } from './table.js';
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
    /** Blocks of the vhost that are enabled. */
    readonly features: readonly string[];
  }[];
  readonly warnings: readonly string[];
}

type Values = Readonly<Record<string, unknown>>;

export function summarize({ config, warnings }: LoadedConfig): Summary {
  return {
    listeners: listenersOf(root, config as unknown as Values, 'rtmp'),
    features: featuresOf(root, config as unknown as Values),
    vhosts: [...config.vhosts.values()].map((one) => ({
      name: one.name,
      enabled: one.enabled,
      features: featuresOf(vhost, one as unknown as Values),
    })),
    warnings,
  };
}

/** @param name of the block; the listeners of the file itself are for RTMP. */
function listenersOf(rows: DirectiveTable, values: Values, name: string): { name: string; address: string }[] {
  return Object.entries(rows).flatMap(([key, row]) => {
    const value = values[camelCase(key)];
    if (row.type === 'listen')
      return (value as readonly ListenAddress[]).map((address) => ({ name, address: printAddress(address) }));
    if (row.type !== 'block' || (value as Values).enabled === false) return [];
    return listenersOf(row.rows, value as Values, name === 'rtmp' ? key : `${name} ${key}`);
  });
}

function featuresOf(rows: DirectiveTable, values: Values): string[] {
  return Object.entries(rows).flatMap(([key, row]) =>
    row.type === 'block' && (values[camelCase(key)] as Values).enabled === true ? [key] : [],
  );
}

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
