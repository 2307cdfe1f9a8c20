import { ConfigError } from '../kernel/index.js';
import { Lexer } from './lexer.js';
import { askForSemicolon } from './missing-semicolon.js';
import { Problems } from './problems.js';
import { type Directive, type Position, type Source, show, type Token } from './tree.js';

/**
 * Opens what a word of `include` names: a file, or any number of them by a pattern.
 * @throws {ConfigError} CONFIG_UNREADABLE, whose message does not say where.
 */
export type OpenInclude = (name: Token) => readonly Source[];

const MAX_CHAIN = 16;
const MAX_INCLUDES = 1000;

/** A list of directives that is being read: a file's, or the inside of a block. */
interface Level {
  readonly lexer: Lexer;
  readonly list: Directive[];
  /** The directive whose block this is, or the `{` of a block without one; undefined for a whole file. */
  readonly opener: Token | undefined;
}

/**
 * Configuration text → tree of directives, with `include` resolved in place.
 * @throws {ConfigError} for the first breach of the grammar; the message is `FILE:LINE:COLUMN: text`.
 */
export function parseTree(main: Source, openInclude: OpenInclude): Directive[] {
  const problems = new Problems();
  const tree = readTree(main, openInclude, problems);
  problems.throwFirst();
  return tree;
}

/**
 * As `parseTree`, but goes on after a breach of the grammar where it is sure what was meant; what it is not sure of is
 * left out of the tree, so that no later check complains of it. Blocks nest as deep as the text says: the levels wait in
 * a list, not on the call stack.
 */
export function readTree(main: Source, openInclude: OpenInclude, problems: Problems): Directive[] {
  return new TreeReader(openInclude, problems).read(main);
}

class TreeReader {
  readonly #levels: Level[] = [];
  #includes = 0;

  constructor(
    private readonly openInclude: OpenInclude,
    private readonly problems: Problems,
  ) {}

  read(main: Source): Directive[] {
    const root: Directive[] = [];
    this.#enter(main, root);
    for (let level = this.#levels.at(-1); level !== undefined; level = this.#levels.at(-1)) {
      const { lexer, list, opener } = level;
      const read = readDirective(lexer, this.problems);
      switch (read.kind) {
        case 'end':
          if (opener) this.problems.syntax(opener.at, `"${show(opener.text)}" opened here is not closed`);
          this.#leaveFile();
          break;
        case '}':
          if (!opener) this.problems.syntax(read.at, 'unexpected `}`');
          this.#levels.pop(); // at the top of a file the rest of it is in doubt
          break;
        case 'simple':
          if (read.name.text === 'include') this.#include(read.name, read.args, list);
          else list.push({ name: read.name.text, args: read.args, block: undefined, at: read.name.at });
          break;
        case 'block': {
          const { at, text } = read.name;
          const block: Directive[] = [];
          if (text === 'include') this.problems.syntax(at, 'include takes files, not a block');
          else list.push({ name: text, args: read.args, block, at });
          this.#levels.push({ lexer, list: block, opener: read.name });
          break;
        }
        case 'nameless block':
          this.#levels.push({ lexer, list: [], opener: { text: '{', at: read.at } });
          break;
        default:
          read satisfies never;
      }
    }
    return root;
  }

  #enter(source: Source, list: Directive[]): void {
    this.#levels.push({ lexer: new Lexer(source, this.problems), list, opener: undefined });
  }

  /** At the end of a file. Nobody knows where a block that is still open should have ended, so it is left out. */
  #leaveFile(): void {
    let open = false;
    for (let level = this.#levels.pop(); level !== undefined; level = this.#levels.pop()) {
      if (level.opener) open = true;
      else {
        if (open) level.list.pop();
        return;
      }
    }
  }

  #include(name: Token, files: readonly Token[], list: Directive[]): void {
    if (files.length === 0) return this.problems.syntax(name.at, 'include needs at least one file');
    const sources: Source[] = [];
    for (const file of files) {
      sources.push(...this.#open(file));
      if (this.#includes + sources.length > MAX_INCLUDES) break;
    }
    this.#includes += sources.length;
    if (this.#includes > MAX_INCLUDES) {
      this.problems.syntax(name.at, `more than ${MAX_INCLUDES} files are included`);
      this.#levels.length = 0;
      return;
    }
    for (const source of sources.reverse()) this.#enter(source, list);
  }

  #open(name: Token): readonly Source[] {
    try {
      return this.openInclude(name).filter((source) => this.#isNew(source, name));
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      this.problems.syntax(name.at, error.message, error.code, error.cause);
      return [];
    }
  }

  /** It is not one of those that include it. */
  #isNew(source: Source, name: Token): boolean {
    let depth = 0;
    for (let up: Position | undefined = name.at; up !== undefined; up = up.source.from) {
      const fault =
        up.source.file === source.file
          ? `${source.file} includes itself`
          : ++depth > MAX_CHAIN
            ? `more than ${MAX_CHAIN} files include each other`
            : undefined;
      if (fault === undefined) continue;
      this.problems.syntax(name.at, fault);
      return false;
    }
    return true;
  }
}

type Read =
  | { readonly kind: 'simple' | 'block'; readonly name: Token; readonly args: readonly Token[] }
  | { readonly kind: 'end' | '}' | 'nameless block'; readonly at: Position };

/** Reads up to the `;` or `{` that completes a directive, or to what ends the list. */
function readDirective(lexer: Lexer, problems: Problems): Read {
  let words: Token[] = [];
  for (;;) {
    const lexeme = lexer.next();
    const { kind, at } = lexeme;
    if (kind === 'word') {
      words.push(lexeme);
      continue;
    }
    const pending = words[0];
    const ends = kind === '}' || kind === 'end';
    if (kind === 'end' && lexeme.openQuote) {
      problems.syntax(at, `unexpected end of file; the quote opened at ${printPlace(lexeme.openQuote)} is not closed`);
      return { kind, at };
    }
    // A `}` right after a quote was reported as such: who knows whether it closes anything.
    if (ends && problems.toldAt(at)) return { kind, at };
    const [name, ...args] = words.filter((word) => word.text !== ''); // an empty quoted string is no argument
    if (name && ends) {
      problems.syntax((args.at(-1) ?? name).at, askForSemicolon([name, ...args]));
      lexer.unread(lexeme);
    }
    if (name) return { kind: kind === '{' ? 'block' : 'simple', name, args };
    if (pending) problems.syntax(pending.at, 'empty directive');
    if (ends) return { kind, at };
    if (!pending) problems.syntax(at, `unexpected \`${kind}\``);
    if (kind === '{') return { kind: 'nameless block', at };
    words = [];
  }
}

const printPlace = ({ line, column }: Position): string => `${line}:${column}`;
