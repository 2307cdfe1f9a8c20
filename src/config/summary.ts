import { printAddress } from './address.js';
import { listenersOf } from './listeners.js';
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
    listeners: listenersOf(root, config as unknown as Values).map(({ name, address }) => ({
      name,
      address: printAddress(address),
    })),
    features: featuresOf(root, config as unknown as Values),
    vhosts: [...config.vhosts.values()].map((one) => ({
      name: one.name,
      enabled: one.enabled,
      features: featuresOf(vhost, one as unknown as Values),
    })),
    warnings,
  };
}

function featuresOf(rows: DirectiveTable, values: Values): string[] {
  return Object.entries(rows).flatMap(([key, row]) =>
    row.type === 'block' && isOn(row.rows, values[camelCase(key)] as Values) ? [key] : [],
  );
}

/** A block that is on by default, such as refer, does something only once a list of it is filled. */
function isOn({ enabled }: DirectiveTable, values: Values): boolean {
  const byDefault = enabled?.type === 'onoff' && enabled.default;
  const filled = Object.values(values).some((value) => Array.isArray(value) && value.length > 0);
  return values.enabled === true && (!byDefault || filled);
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
