import { type Lexeme, Lexer } from './lexer.js';
import { errorAt } from './syntax-error.js';
import type { Directive, Position, Source, Token } from './tree.js';

/** Opens the files that `include` names. @throws {ConfigError} CONFIG_UNREADABLE at the name. */
export type OpenInclude = (name: Token) => Source;

const MAX_CHAIN = 16;
const MAX_INCLUDES = 1000;

/** A list of directives that is being read: a file's, or the inside of a block. */
interface Level {
  readonly lexer: Lexer;
  readonly list: Directive[];
  /** The directive whose block this is; undefined for a whole file. */
  readonly opener: Position | undefined;
}

/**
 * Configuration text → tree of directives, with `include` resolved in place. Blocks nest as deep as the text says:
 * the levels wait in a list, not on the call stack.
 * @throws {ConfigError} CONFIG_SYNTAX, whose message is `FILE:LINE:COLUMN: text`.
 */
export function parseTree(main: Source, openInclude: OpenInclude): Directive[] {
  const root: Directive[] = [];
  const levels: Level[] = [{ lexer: new Lexer(main), list: root, opener: undefined }];
  let includes = 0;
  for (let level = levels.at(-1); level !== undefined; level = levels.at(-1)) {
    const read = readDirective(level.lexer);
    switch (read.kind) {
      case 'end':
        if (level.opener) throw errorAt(level.opener, 'unexpected end of file, expecting `}`');
        levels.pop();
        break;
      case '}':
        if (!level.opener) throw errorAt(read.at, 'unexpected `}`');
        levels.pop();
        break;
      case 'simple':
        if (read.name.text === 'include') {
          includes += read.args.length;
          if (includes > MAX_INCLUDES) throw errorAt(read.name.at, `more than ${MAX_INCLUDES} files are included`);
          const files = openAll(read.name, read.args, openInclude);
          for (const file of files.reverse())
            levels.push({ lexer: new Lexer(file), list: level.list, opener: undefined });
        } else level.list.push({ name: read.name.text, args: read.args, block: undefined, at: read.name.at });
        break;
      case 'block': {
        if (read.name.text === 'include') throw errorAt(read.name.at, 'include takes files, not a block');
        const block: Directive[] = [];
        level.list.push({ name: read.name.text, args: read.args, block, at: read.name.at });
        levels.push({ lexer: level.lexer, list: block, opener: read.name.at });
        break;
      }
      default:
        read satisfies never;
    }
  }
  return root;
}

type Read =
  | { readonly kind: 'simple' | 'block'; readonly name: Token; readonly args: readonly Token[] }
  | { readonly kind: 'end' | '}'; readonly at: Position };

/** Reads up to the `;` or `{` that completes a directive, or to what ends the list. */
function readDirective(lexer: Lexer): Read {
  const words: Token[] = [];
  for (;;) {
    const lexeme = lexer.next();
    if (lexeme.kind === 'word') {
      words.push(lexeme);
      continue;
    }
    const pending = words[0];
    if (lexeme.kind === 'end' && (pending || lexeme.openQuote)) throw unfinished(lexeme);
    if (lexeme.kind === 'end') return lexeme as Read;
    if (lexeme.kind === '}' && !pending) return lexeme as Read;
    if (lexeme.kind === '}' || !pending) throw errorAt(lexeme.at, `unexpected \`${lexeme.kind}\``);
    const [name, ...args] = words.filter((word) => word.text !== ''); // an empty quoted string is no argument
    if (!name) throw errorAt(pending.at, 'empty directive');
    return { kind: lexeme.kind === ';' ? 'simple' : 'block', name, args };
  }
}

function unfinished({ at, openQuote }: Extract<Lexeme, { kind: 'end' }>): Error {
  const quote = openQuote ? `; the quote opened at ${openQuote.line}:${openQuote.column} is not closed` : '';
  return errorAt(at, `unexpected end of file, expecting \`;\` or \`}\`${quote}`);
}

function openAll(name: Token, files: readonly Token[], open: OpenInclude): Source[] {
  if (files.length === 0) throw errorAt(name.at, 'include needs at least one file');
  return files.map((file) => {
    const source = open(file);
    let depth = 0;
    for (let up: Position | undefined = file.at; up !== undefined; up = up.source.from) {
      if (up.source.file === source.file) throw errorAt(file.at, `${source.file} includes itself`);
      if (++depth > MAX_CHAIN) throw errorAt(file.at, `more than ${MAX_CHAIN} files include each other`);
    }
    return source;
  });
}
