/** One text of configuration: the main file or an included one. */
export interface Source {
  /** As the operator named it. */
  readonly file: string;
  readonly text: string;
  /** The `include` that brought it in; undefined for the main file. */
  readonly from?: Position;
  /** It has no lines to count: a variable of the environment. */
  readonly isLine?: true;
}

/** Where a token starts: line and column count from 1, columns in UTF-16 units. */
export interface Position {
  readonly source: Source;
  readonly line: number;
  readonly column: number;
}

export interface Token {
  readonly text: string;
  readonly at: Position;
}

/** `name arg* ;` or `name arg* { block }`. */
export interface Directive {
  readonly name: string;
  readonly args: readonly Token[];
  /** Undefined for a directive that ends with `;`. */
  readonly block: readonly Directive[] | undefined;
  readonly at: Position;
}

/** `FILE:LINE:COLUMN`, or `environment NAME`. */
export const printPosition = ({ source, line, column }: Position): string =>
  source.isLine ? source.file : `${source.file}:${line}:${column}`;

/** `FILE:LINE:COLUMN: text`, with the chain of includes that led there. */
export function locate(at: Position, text: string): string {
  const chain: string[] = [];
  for (let from = at.source.from; from !== undefined; from = from.source.from)
    chain.push(`included from ${printPosition(from)}`);
  return `${printPosition(at)}: ${text}${chain.length > 0 ? ` (${chain.join(', ')})` : ''}`;
}

const SHOWN = 64;

/** Text of the file as it may stand in a message: one line, no control characters, not endless. */
export function show(text: string): string {
  const short = text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text;
  return short.replaceAll(/\p{C}/gu, (c) => `\\u{${c.codePointAt(0)?.toString(16)}}`);
}
