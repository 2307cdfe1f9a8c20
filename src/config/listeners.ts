import { clash, type ListenAddress } from './address.js';
import { camelCase, type DirectiveTable } from './table.js';

/** A listener that a configuration opens. */
export interface Listener {
  /** The blocks around it, `http_api https`; `rtmp` for those of the file itself. */
  readonly name: string;
  readonly address: ListenAddress;
  /** Place of its directive in the typed configuration. */
  readonly path: string;
}

type Values = Readonly<Record<string, unknown>>;

/** Every listener of a table, but for those in blocks that are not enabled. */
export function listenersOf(rows: DirectiveTable, values: Values, around = '', place = ''): Listener[] {
  return Object.entries(rows).flatMap(([key, row]) => {
    const value = values[camelCase(key)];
    const path = `${place}/${camelCase(key)}`;
    if (row.type === 'listen') {
      const name = around === '' ? 'rtmp' : around;
      return (value as readonly ListenAddress[]).map((address) => ({ name, address, path }));
    }
    if (row.type !== 'block' || (value as Values).enabled === false) return [];
    return listenersOf(row.rows, value as Values, around === '' ? key : `${around} ${key}`, path);
  });
}

/** Files, players and the API may come to one port; with TLS too. */
const sharing = (name: string): string => name.replace(/^http_(?:api|server)/, 'http');

/** Listeners of different blocks that cannot both be open, with the reason: the second of each two. */
export function crossClashes(listeners: readonly Listener[]): { listener: Listener; text: string }[] {
  const byPort = new Map<number, Listener[]>();
  const found: { listener: Listener; text: string }[] = [];
  for (const listener of listeners) {
    const { name, address } = listener;
    const neighbours = byPort.get(address.port) ?? [];
    byPort.set(address.port, [...neighbours, listener]);
    for (const other of neighbours) {
      const reason = other.name === name ? undefined : clash(other.address, address);
      const shared = sharing(other.name) === sharing(name) && other.address.host === address.host;
      if (reason === undefined || shared) continue;
      found.push({ listener, text: `${name} cannot listen beside ${other.name}: ${reason}` });
      break;
    }
  }
  return found;
}
