import { ConfigError, type ErrorCode } from '../kernel/index.js';
import { locate, type Position } from './tree.js';

/** An error that ends the reading of the file at once: `FILE:LINE:COLUMN: text`. */
export function errorAt(at: Position, text: string, code: ErrorCode = 'CONFIG_SYNTAX', cause?: unknown): ConfigError {
  const context = { file: at.source.file, line: at.line, column: at.column };
  return new ConfigError(code, locate(at, text), context, { cause });
}
