import type { Directive } from './tree.js';

/**
 * Tree → text that parses to the same tree. Values that never stood in a file may be impossible to write (nothing
 * escapes a quote). @throws {RangeError} for such a value.
 */
export function printTree(directives: readonly Directive[]): string {
  const lines: string[] = [];
  const levels = [{ list: directives, next: 0 }];
  for (let level = levels.at(-1); level !== undefined; level = levels.at(-1)) {
    const directive = level.list[level.next++];
    if (directive === undefined) {
      levels.pop();
      if (levels.length > 0) lines.push(`${indent(levels.length)}}`);
      continue;
    }
    const words = [directive.name, ...directive.args.map((arg) => arg.text)].map(printWord).join(' ');
    lines.push(`${indent(levels.length)}${words}${directive.block ? ' {' : ';'}`);
    if (directive.block) levels.push({ list: directive.block, next: 0 });
  }
  const text = lines.map((line) => `${line}\n`).join('');
  // A byte order mark is skipped at the start of a file, and nowhere else.
  return text.startsWith('\ufeff') ? `\ufeff${text}` : text;
}

/** Deeper blocks are not indented further: a thousand of them would print a million spaces. */
const indent = (depth: number): string => '  '.repeat(Math.min(depth, 20) - 1);

/** A word as it must be written: bare where possible, else in the quotes that it does not hold. */
export function printWord(text: string): string {
  if (text !== '' && !/[ \t\r\n;{]/.test(text) && !/^[}#"']/.test(text)) return text;
  const quote = ['"', "'"].find((mark) => !text.includes(mark));
  if (text === '' || quote === undefined) throw new RangeError(`the grammar cannot write ${JSON.stringify(text)}`);
  return `${quote}${text}${quote}`;
}
