import type { Problems } from './problems.js';
import { type Position, type Source, show } from './tree.js';

export type Lexeme =
  /** `text` is empty only for an empty quoted string. */
  | { readonly kind: 'word'; readonly text: string; readonly at: Position }
  | { readonly kind: ';' | '{' | '}'; readonly at: Position }
  | { readonly kind: 'end'; readonly at: Position; readonly openQuote?: Position };

const isSpace = (c: string): boolean => c === ' ' || c === '\t' || c === '\r' || c === '\n';
const endsWord = (c: string): boolean => isSpace(c) || c === ';' || c === '{';

/**
 * Cuts a configuration text into words and `;` `{` `}`. Comments, quotes and `}` mean something only where a token
 * starts; inside a word they are ordinary characters (`fontcolor=#cccccc`, `foo}`), and nothing escapes anything.
 */
export class Lexer {
  #offset = 0;
  #line = 1;
  #lineStart = 0;
  #again: Lexeme | undefined;

  constructor(
    private readonly source: Source,
    private readonly problems: Problems,
  ) {
    if (source.text.charCodeAt(0) === 0xfeff) this.#offset = this.#lineStart = 1; // byte order mark
  }

  /** The next call of `next` gives this one again. */
  unread(lexeme: Lexeme): void {
    this.#again = lexeme;
  }

  /** A bad character after a closing quote is reported, and starts a word of its own. */
  next(): Lexeme {
    const again = this.#again;
    this.#again = undefined;
    if (again !== undefined) return again;
    this.#skipBlank();
    const at = this.#here();
    const c = this.source.text[this.#offset];
    if (c === undefined) return { kind: 'end', at };
    if (c === ';' || c === '{' || c === '}') {
      this.#offset++;
      return { kind: c, at };
    }
    if (c === '"' || c === "'") return this.#quoted(c, at);
    return this.#word(at);
  }

  #skipBlank(): void {
    const { text } = this.source;
    for (;;) {
      const c = text[this.#offset];
      if (c === '#') {
        const end = text.indexOf('\n', this.#offset);
        this.#offset = end === -1 ? text.length : end;
      } else if (c !== undefined && isSpace(c)) this.#step(c);
      else return;
    }
  }

  #word(at: Position): Lexeme {
    const { text } = this.source;
    const start = this.#offset;
    let end = start;
    while (end < text.length && !endsWord(text[end] as string)) end++;
    this.#offset = end;
    return { kind: 'word', text: text.slice(start, end), at };
  }

  #quoted(quote: string, at: Position): Lexeme {
    const { text } = this.source;
    const start = ++this.#offset;
    for (;;) {
      const c = text[this.#offset];
      if (c === undefined) return { kind: 'end', at: this.#here(), openQuote: at };
      if (c === quote) break;
      this.#step(c);
    }
    const word = text.slice(start, this.#offset++);
    const after = text.codePointAt(this.#offset);
    if (after !== undefined && !endsWord(String.fromCodePoint(after)))
      this.problems.syntax(this.#here(), `unexpected '${show(String.fromCodePoint(after))}' after the closing quote`);
    return { kind: 'word', text: word, at };
  }

  /** Steps over one character, which may end a line. */
  #step(c: string): void {
    this.#offset++;
    if (c !== '\n') return;
    this.#line++;
    this.#lineStart = this.#offset;
  }

  #here(): Position {
    return { source: this.source, line: this.#line, column: this.#offset - this.#lineStart + 1 };
  }
}
