const VARIABLE = /\[(2006|01|02|15|04|05|999|timestamp)\]/g;

/**
 * Fills the time variables of a file name: `[2006]` year, `[01]` month, `[02]` day, `[15]` hour, `[04]` minute,
 * `[05]` second, `[999]` and `[timestamp]` milliseconds of the second and since 1970.
 * @param at ms since 1970.
 */
export function fillTimes(pattern: string, at: number, utc: boolean): string {
  if (!pattern.includes('[')) return pattern;
  const date = new Date(at);
  // As if local time were UTC: then one set of getters serves both.
  const shown = utc ? date : new Date(at - date.getTimezoneOffset() * 60_000);
  const pad = (n: number, digits = 2): string => `${n}`.padStart(digits, '0');
  const values: Record<string, string> = {
    2006: pad(shown.getUTCFullYear(), 4),
    '01': pad(shown.getUTCMonth() + 1),
    '02': pad(shown.getUTCDate()),
    15: pad(shown.getUTCHours()),
    '04': pad(shown.getUTCMinutes()),
    '05': pad(shown.getUTCSeconds()),
    999: pad(shown.getUTCMilliseconds(), 3),
    timestamp: `${Math.floor(at)}`,
  };
  return pattern.replaceAll(VARIABLE, (_, name: string) => values[name] ?? '');
}
