import type { LaterTable } from './table.js';

/** What the operator hears about a name that loads and does nothing. */
export function printLater({ note, never }: LaterTable[string]): string {
  if (never !== undefined) return `has no effect: ${never}`;
  return `is not supported yet and ignored${note === undefined ? '' : `, ${note}`}`;
}
