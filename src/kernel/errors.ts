import type { ErrorCode } from './error-codes.js';

/** Every error that this program raises on purpose: a code for the log, context for the reader. */
export class SrsError extends Error {
  constructor(
    readonly code: ErrorCode,
    message: string,
    readonly context: Readonly<Record<string, unknown>> = {},
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** The peer broke a specification or a limit: close that connection only. */
export class ProtocolError extends SrsError {}

/** The operator's file is wrong; the context holds file, line, column and directive. */
export class ConfigError extends SrsError {}

/** The request was understood and is refused; the peer is told `message`. */
export class RefusedError extends SrsError {}

/** The machine or its set-up is in the way: a busy port, a missing permission. */
export class SystemError extends SrsError {}
