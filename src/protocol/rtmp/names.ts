import { ProtocolError } from '../../kernel/index.js';

export type NamePart = 'vhost' | 'app' | 'stream';

const MAX_BYTES = 255;
/** C0, DEL and C1, halves of surrogate pairs, and the line and paragraph separators, which end a line of a log just as well. */
const CONTROL = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u;
const DRIVE_LETTER = /^[A-Za-z]:/;

/**
 * Names become parts of file paths, so they are refused at the door, before anything is opened (architecture.md §6).
 * Only an app may consist of several parts, `live/room1`. Letters of any script and inner dots are fine.
 * @returns the text. @throws {ProtocolError} NAME_INVALID
 */
export function checkName(part: NamePart, text: string): string {
  const fault = faultIn(part, text);
  if (fault !== undefined)
    throw new ProtocolError('NAME_INVALID', `the ${part} name ${fault}`, { part, name: text.slice(0, 64) });
  return text;
}

function faultIn(part: NamePart, text: string): string | undefined {
  if (text === '') return 'is empty';
  if (text.length > MAX_BYTES || Buffer.byteLength(text) > MAX_BYTES) return `is longer than ${MAX_BYTES} bytes`;
  if (CONTROL.test(text)) return 'has control characters';
  if (text.includes('\\')) return 'has a backslash';
  if (part !== 'vhost' && DRIVE_LETTER.test(text)) return 'begins with a drive letter';
  if (part !== 'app' && text.includes('/')) return 'has a slash';
  for (const piece of text.split('/')) {
    if (piece === '') return 'has an empty part';
    // Hidden files, and with them `.` and `..`.
    if (piece.startsWith('.')) return 'has a part that begins with a dot';
  }
  return undefined;
}
