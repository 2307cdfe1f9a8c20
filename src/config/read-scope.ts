import { foldHost } from './host-name.js';
import { printLater } from './later.js';
import { askForSemicolon, splitAtLines } from './missing-semicolon.js';
import { didYouMean } from './near-miss.js';
import type { Problems } from './problems.js';
import { readValue, type Written } from './read-value.js';
import { type NamedScope, placesOf, type Scope, type Setting, type Word, type Words } from './scope.js';
import { type Directive, type Position, printPosition, show } from './tree.js';

/** A setting that was written: by which directive, under which name. */
export interface Found {
  readonly directive: Directive;
  readonly spelled: string;
  /** Undefined when the directive changes nothing. */
  readonly written: Written | undefined;
}

/** A block with settings, which are off unless it is switched on. */
interface Switch {
  readonly directive: Directive;
  /** Place of its `enabled`. */
  readonly path: string;
}

/** What the operator wrote in one scope, by place in the typed configuration. */
export interface Reading {
  readonly found: ReadonlyMap<string, Found>;
  readonly switches: readonly Switch[];
  /** Place of the blocks → ID → block. */
  readonly named: ReadonlyMap<string, ReadonlyMap<string, Reading>>;
}

/** Hints are looked up for so many errors; a file that is no configuration at all needs no more. */
const MAX_HINTS = 50;

/** Sorts directives into settings. The first of a name wins; whatever is wrong or ignored goes to `problems`. */
export function readScope(scope: Scope, directives: readonly Directive[], problems: Problems): Reading {
  return new ScopeReader(problems, placesOf(scope)).read(scope, directives, '');
}

class ScopeReader {
  readonly #hosts = new Map<string, string>();
  readonly #openers = new WeakMap<Reading, Position>();

  constructor(
    private readonly problems: Problems,
    private readonly places: ReadonlyMap<string, readonly string[]>,
  ) {}

  /** @param place names of the enclosing blocks, for messages. @param opener of a named block: its directive. */
  read(scope: Scope, directives: readonly Directive[], place: string, opener?: Directive): Reading {
    const found = new Map<string, Found>();
    const switches: Switch[] = opener ? switchOf(opener, scope.words) : [];
    const named = new Map<string, Map<string, Reading>>();
    const visit = (words: Words, inner: readonly Directive[], where: string, dotted: string): void => {
      const blocks = new Map<string, Position>();
      for (const directive of this.#ended(words, inner)) {
        const { name, block } = directive;
        const word = words.get(name);
        if (word === undefined) this.#unknown(words, directive, where);
        else if (word.named) this.#named(word.named, directive, named);
        else if (word.inside && block) {
          if (this.#isRepeat(blocks.get(name), directive)) continue;
          blocks.set(name, directive.at);
          switches.push(...switchOf(directive, word.inside));
          visit(word.inside, block, where === '' ? name : `${where} ${name}`, `${dotted}${name}.`);
        } else if (word.setting && isBlock(word.setting) === (block !== undefined))
          this.#setting(word.setting, directive, dotted + name, found);
        else if (word.later) this.#later(word.later, directive);
        else this.#wrongForm(word, directive);
      }
    };
    visit(scope.words, directives, place, '');
    return { found, switches, named };
  }

  /** The directives as they were meant: where a `;` is missing, that is reported, and the rest is read. */
  #ended(words: Words, directives: readonly Directive[]): readonly Directive[] {
    return directives.flatMap((directive) =>
      splitAtLines(
        directive,
        (text) => words.has(text),
        (before) => this.problems.syntax((before.at(-1) ?? directive).at, askForSemicolon(before)),
      ),
    );
  }

  #setting(setting: Setting, directive: Directive, spelled: string, found: Map<string, Found>): void {
    const first = found.get(setting.path);
    if (first === undefined) {
      found.set(setting.path, { directive, spelled, written: readValue(setting.row, directive, this.problems) });
      return;
    }
    if (setting.row.type === 'strings' && setting.row.each) {
      const more = readValue(setting.row, directive, this.problems);
      found.set(setting.path, { ...first, written: joinLists(first.written, more) });
      return;
    }
    // Two names of one setting that agree are no reason to speak (pithy_print { publish 10000; play 10000; }).
    const agree = sameWords(first.directive, directive);
    if (first.spelled !== spelled && agree) return;
    this.#isRepeat(first.directive.at, directive, first.spelled === spelled ? undefined : first.spelled);
  }

  #named(scope: NamedScope, directive: Directive, named: Map<string, Map<string, Reading>>): void {
    const [id, second] = directive.args;
    const { name } = directive;
    if (id === undefined && !scope.optional)
      return this.problems.error(directive.at, `${name} needs a name: ${name} NAME { … }`);
    if (second) this.problems.warn(second.at, `${name} takes one name, the rest is ignored`);
    const blocks = named.get(scope.path) ?? new Map<string, Reading>();
    named.set(scope.path, blocks);
    const key = id?.text ?? '';
    const first = blocks.get(key);
    if (first !== undefined) {
      const which = key === '' ? `a ${name} without a name` : `${name} ${show(key)}`;
      const at = this.#openers.get(first) ?? directive.at;
      if (scope.unique) this.problems.error(directive.at, `${which} is there already, at ${printPosition(at)}`);
      else this.problems.warn(directive.at, `${which} is there already, this one is ignored`);
      return;
    }
    if (scope.host) this.#checkHost(name, key, directive.at);
    const reading = this.read(scope, directive.block ?? [], name, directive);
    this.#openers.set(reading, directive.at);
    blocks.set(key, reading);
  }

  #checkHost(name: string, key: string, at: Position): void {
    const host = foldHost(key);
    const first = this.#hosts.get(host);
    if (first !== undefined)
      this.problems.error(
        at,
        `${name} ${show(key)} is the same host as ${name} ${show(first)}, in upper and lower case`,
      );
    this.#hosts.set(host, key);
  }

  /** First match wins, as in the original: a repeat is ignored, here not silently. */
  #isRepeat(first: Position | undefined, directive: Directive, otherName?: string): boolean {
    if (first === undefined) return false;
    const as = otherName === undefined ? '' : ` as ${otherName}`;
    this.problems.warn(directive.at, `${directive.name} is ignored, it is set at ${printPosition(first)}${as}`);
    return true;
  }

  #later(later: NonNullable<Word['later']>, { name, at }: Directive): void {
    this.problems.warn(at, `${name}${sinceOf(later)} ${printLater(later)}`);
  }

  #wrongForm(word: Word, { name, at, block }: Directive): void {
    if (block) this.problems.error(at, `${name} takes a value, not a block`);
    else if (word.inside || word.setting) this.problems.error(at, `${name} is a block: ${name} { … }`);
  }

  #unknown(words: Words, { name, at }: Directive, where: string): void {
    const hint = this.problems.errors < MAX_HINTS ? this.#hint(words, name) : '';
    this.problems.error(at, `unknown directive "${show(name)}"${where === '' ? '' : ` in ${where}`}${hint}`);
  }

  #hint(words: Words, name: string): string {
    const places = this.places.get(name)?.map((place) => (place === '' ? 'at the top of the file' : `in ${place}`));
    return places ? `, it belongs ${places.join(' or ')}` : didYouMean(name, words.keys());
  }
}

function switchOf(directive: Directive, words: Words): Switch[] {
  const { row, path = '' } = words.get('enabled')?.setting ?? {};
  if (row?.type !== 'onoff' || row.default || row.actsOff) return [];
  const isSetting = ({ name }: Directive): boolean => {
    const word = words.get(name);
    return name !== 'enabled' && (word?.setting ?? word?.named ?? word?.inside) !== undefined;
  };
  return directive.block?.some(isSetting) ? [{ directive, path }] : [];
}

const isBlock = ({ row }: Setting): boolean => row.type === 'pairs';

const sinceOf = ({ since }: NonNullable<Word['later']>): string => (since === 1 ? '' : ` (since v${since})`);

const joinLists = (a: Written | undefined, b: Written | undefined): Written => ({
  value: [...listOf(a), ...listOf(b)],
  words: [...(a?.words ?? []), ...(b?.words ?? [])],
});

const listOf = (written: Written | undefined): readonly unknown[] =>
  Array.isArray(written?.value) ? written.value : [];

const sameWords = (a: Directive, b: Directive): boolean =>
  a.args.length === b.args.length && a.args.every((arg, i) => arg.text === b.args[i]?.text);
