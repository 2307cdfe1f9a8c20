import { assert } from 'vitest';
import { type ErrorCode, ProtocolError } from '../../src/kernel/index.js';

/** The error, or what the function throws, is a ProtocolError of that code. */
export function assertProtocolError(thrown: unknown, code: ErrorCode): void {
  let error = thrown;
  if (typeof thrown === 'function') {
    error = undefined;
    try {
      thrown();
    } catch (caught) {
      error = caught;
    }
  }
  assert.instanceOf(error, ProtocolError, String(error));
  assert.equal((error as ProtocolError).code, code);
}
