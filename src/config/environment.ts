import { printLater } from './later.js';
import { nearMiss } from './near-miss.js';
import { printWord } from './print-tree.js';
import type { Problems } from './problems.js';
import type { Found, Reading } from './read-scope.js';
import { readValue } from './read-value.js';
import type { Scope, Setting, Word, Words } from './scope.js';
import type { Position, Token } from './tree.js';

/** As `process.env`. */
export type EnvironmentVariables = Readonly<Record<string, string | undefined>>;

/** A variable, and the setting that it replaces wherever that may stand: `SRS_VHOST_PLAY_ATC` in every vhost. */
interface Variable {
  /** Places of the named blocks around the setting: `['/vhosts']`. */
  readonly blocks: readonly string[];
  readonly setting: Setting;
  /** The directive's own name. */
  readonly directive: string;
}

interface Known {
  readonly variables: Map<string, Variable>;
  /** Names that are accepted without effect; what stands in such a block begins with its name. */
  readonly later: Map<string, { readonly name: string; readonly entry: NonNullable<Word['later']> }>;
}

/** Puts the values of `SRS_…` variables in the place of what was written, as version 5 of the original does. */
export function override(
  scope: Scope,
  reading: Reading,
  environment: EnvironmentVariables,
  problems: Problems,
): Reading {
  const names = Object.keys(environment).filter((name) => name.startsWith('SRS_') && environment[name] !== '');
  if (names.length === 0) return reading;
  const known: Known = { variables: new Map(), later: new Map() };
  collect(scope.words, ['SRS'], [], known);
  const found = new Map<string, Map<string, Found>>();
  for (const [name, { blocks, setting, directive }] of known.variables) {
    const text = environment[name];
    if (text === undefined || text === '') continue;
    const value = readVariable(name, text, setting, directive, problems);
    const settings = found.get(blocks.join()) ?? new Map<string, Found>();
    found.set(blocks.join(), settings);
    const first = settings.get(setting.path);
    if (first) problems.warn(value.directive.at, `is ignored, ${first.spelled} is set`);
    else settings.set(setting.path, value);
  }
  for (const name of names) if (!known.variables.has(name)) warnOfUnknown(name, known, problems);
  return merged(reading, found, []);
}

/** Sorts the words of a scope by the name of their variable; of two spellings with one name the first counts. */
function collect(words: Words, path: readonly string[], blocks: readonly string[], known: Known): void {
  for (const [name, { setting, named, inside, later }] of words) {
    const own = [...path, name];
    const variables = [own.join('_').toUpperCase()];
    // `srs_log_level` is SRS_SRS_LOG_LEVEL by the rule.
    if (path.length === 1 && name.startsWith('srs_')) variables.push(name.toUpperCase());
    for (const variable of variables) {
      if (setting && setting.row.type !== 'pairs' && !known.variables.has(variable))
        known.variables.set(variable, { blocks, setting, directive: name });
      if (later) known.later.set(variable, { name, entry: later });
    }
    if (inside) collect(inside, own, blocks, known);
    if (named) collect(named.words, own, [...blocks, named.path], known);
  }
}

const positionOf = (name: string, text: string): Position => ({
  source: { file: `environment ${name}`, text, isLine: true },
  line: 1,
  column: 1,
});

function readVariable(name: string, text: string, { row }: Setting, directive: string, problems: Problems): Found {
  const at = positionOf(name, text);
  const words = row.type === 'string' ? [text] : text.split(/\s+/).filter((word) => word !== '');
  const args: Token[] = words.map((word) => ({ text: word, at }));
  const written = { name: directive, args, block: undefined, at };
  try {
    words.map(printWord);
  } catch {
    problems.error(at, `${directive} cannot hold blanks and both kinds of quotes`);
    return { directive: written, spelled: name, written: undefined };
  }
  return { directive: written, spelled: name, written: readValue(row, written, problems) };
}

function merged(
  { found, switches, named }: Reading,
  variables: ReadonlyMap<string, ReadonlyMap<string, Found>>,
  blocks: readonly string[],
): Reading {
  const inside = [...named].map(([path, byId]) => {
    const readings = [...byId].map(([id, inner]) => [id, merged(inner, variables, [...blocks, path])] as const);
    return [path, new Map(readings)] as const;
  });
  return { found: new Map([...found, ...(variables.get(blocks.join()) ?? [])]), switches, named: new Map(inside) };
}

function warnOfUnknown(name: string, { variables, later }: Known, problems: Problems): void {
  const at = positionOf(name, '');
  const accepted = [...later].find(([variable]) => name === variable || name.startsWith(`${variable}_`))?.[1];
  if (accepted) return problems.warn(at, `${accepted.name} ${printLater(accepted.entry)}`);
  const meant = nearMiss(name, variables.keys());
  if (meant !== undefined) problems.warn(at, `changes nothing, did you mean ${meant}?`);
}
