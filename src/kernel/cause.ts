import { SrsError } from './errors.js';
import type { Log } from './log.js';

/** Why something ended: an error, or words where nothing went wrong. Undefined: nobody knows more. */
export type Cause = Error | string | undefined;

/** What was thrown, as the cause of an end. */
export const causeOf = (thrown: unknown): Error | string => (thrown instanceof Error ? thrown : String(thrown));

/** The words of what was thrown. */
export const messageOf = (thrown: unknown): string => (thrown instanceof Error ? thrown.message : String(thrown));

/**
 * One line about an end, with its `code` and its `why`. What this server ended, or a fault, is a warning; a defect of
 * this server an error; that the other side left is neither, however it left.
 */
export function logEnd(log: Log, fields: object, cause: Cause, text: string): void {
  if (cause === undefined) log.info(fields, text);
  else if (typeof cause === 'string') log.info({ ...fields, why: cause }, text);
  else if (cause instanceof SrsError)
    // The line's own fields come first, and stay what they are.
    log.warn({ ...fields, ...cause.context, ...fields, code: cause.code, why: cause.message }, text);
  else if ('code' in cause) log.info({ ...fields, code: cause.code, why: cause.message }, text);
  else log.error({ ...fields, code: 'INTERNAL', why: 'internal error', err: cause }, text);
}
