import { maskUrl } from './mask.js';
import { type Directive, show, type Token } from './tree.js';

/** Names of directives whose values must not get into a log. */
const SECRET = /secret|token|password|key/i;

/** What is said at the last of the words after which a `;` should have come: the words of its line, but no secret. */
export function askForSemicolon(words: readonly Token[]): string {
  const isSecret = words.some(({ text }, i) => startsLine(words, i) && SECRET.test(text));
  const line = words.slice(words.findLastIndex((_, i) => startsLine(words, i)));
  const shown = isSecret ? `${words[0]?.text ?? ''} …` : line.map(({ text }) => maskUrl(text)).join(' ');
  return `is a ";" missing after "${show(shown)}"?`;
}

/**
 * A directive that took in the next ones, for want of a `;`: a word that comes first on a later line and is the name of
 * a directive here. @param missing the words after which one is missing. @returns what was meant.
 */
export function splitAtLines(
  directive: Directive,
  isName: (text: string) => boolean,
  missing: (words: readonly Token[]) => void,
): Directive[] {
  const words: readonly Token[] = [{ text: directive.name, at: directive.at }, ...directive.args];
  const starts = words.flatMap(({ text }, i) => (i > 0 && startsLine(words, i) && isName(text) ? [i] : []));
  if (starts.length === 0) return [directive];
  return [0, ...starts].flatMap((start, i): Directive[] => {
    const end = starts[i];
    const [name, ...args] = words.slice(start, end);
    if (name === undefined) return [];
    if (end !== undefined) missing([name, ...args]);
    return [{ name: name.text, at: name.at, args, block: end === undefined ? directive.block : undefined }];
  });
}

/** The first word does. */
const startsLine = (words: readonly Token[], i: number): boolean =>
  (words[i]?.at.line ?? 0) > (words[i - 1]?.at.line ?? 0);
