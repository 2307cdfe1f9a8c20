import { ConfigError, type ErrorCode } from '../kernel/index.js';
import { errorAt } from './syntax-error.js';
import { locate, type Position } from './tree.js';

interface Problem {
  readonly at: Position;
  readonly text: string;
  readonly code?: ErrorCode;
  readonly cause?: unknown;
}

/** Collects what is wrong with a configuration, so that the operator hears of everything in one go. */
export class Problems {
  readonly #errors: Problem[] = [];
  readonly #warnings: Problem[] = [];

  get errors(): number {
    return this.#errors.length;
  }

  /** Parts of the file could not be read, so that nothing can be said to be missing. */
  get incomplete(): boolean {
    return this.#errors.some(({ code }) => code !== undefined);
  }

  error(at: Position, text: string): void {
    this.#errors.push({ at, text });
  }

  /** A breach of the grammar or a file that cannot be included. What it leads to at the same place is not told. */
  syntax(at: Position, text: string, code: ErrorCode = 'CONFIG_SYNTAX', cause?: unknown): void {
    if (!this.toldAt(at)) this.#errors.push({ at, text, code, cause });
  }

  /** Whether the last error was at this place. */
  toldAt(at: Position): boolean {
    const last = this.#errors.at(-1)?.at;
    return last?.source === at.source && last.line === at.line && last.column === at.column;
  }

  warn(at: Position, text: string): void {
    this.#warnings.push({ at, text });
  }

  /** One `FILE:LINE:COLUMN: text` each, in the order of the file. */
  warnings(): readonly string[] {
    return Object.freeze(inOrder(this.#warnings));
  }

  /** @throws {ConfigError} with one line per error; its code is that of the first breach of the grammar, if any. */
  throwIfAny(file: string): void {
    const [first] = this.#errors;
    if (first === undefined) return;
    if (first.code !== undefined && this.#errors.length === 1) this.throwFirst();
    const errors = inOrder(this.#errors);
    throw new ConfigError(first.code ?? 'CONFIG_INVALID', errors.join('\n'), { file, errors });
  }

  /** @throws {ConfigError} the error that was met first, alone. */
  throwFirst(): void {
    const [first] = this.#errors;
    if (first) throw errorAt(first.at, first.text, first.code ?? 'CONFIG_INVALID', first.cause);
  }
}

/** Files in the order in which they are first mentioned, then by place. */
function inOrder(problems: readonly Problem[]): string[] {
  const files = new Map<string, number>();
  for (const { at } of problems) if (!files.has(at.source.file)) files.set(at.source.file, files.size);
  const rank = ({ at }: Problem): number => files.get(at.source.file) ?? 0;
  const lines = [...problems]
    .sort((a, b) => rank(a) - rank(b) || a.at.line - b.at.line || a.at.column - b.at.column)
    .map(({ at, text }) => locate(at, text));
  return [...new Set(lines)]; // a variable of the environment counts in every vhost and is told once
}
