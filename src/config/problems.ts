import { ConfigError } from '../kernel/index.js';
import { locate, type Position } from './tree.js';

interface Problem {
  readonly at: Position;
  readonly text: string;
}

/** Collects what is wrong with a configuration, so that the operator hears of everything in one go. */
export class Problems {
  readonly #errors: Problem[] = [];
  readonly #warnings: Problem[] = [];

  get errors(): number {
    return this.#errors.length;
  }

  error(at: Position, text: string): void {
    this.#errors.push({ at, text });
  }

  warn(at: Position, text: string): void {
    this.#warnings.push({ at, text });
  }

  /** One `FILE:LINE:COLUMN: text` each, in the order of the file. */
  warnings(): readonly string[] {
    return Object.freeze(inOrder(this.#warnings));
  }

  /** @throws {ConfigError} CONFIG_INVALID with one line per error. */
  throwIfAny(file: string): void {
    if (this.#errors.length === 0) return;
    const errors = inOrder(this.#errors);
    throw new ConfigError('CONFIG_INVALID', errors.join('\n'), { file, errors });
  }
}

/** Files in the order in which they are first mentioned, then by place. */
function inOrder(problems: readonly Problem[]): string[] {
  const files = new Map<string, number>();
  for (const { at } of problems) if (!files.has(at.source.file)) files.set(at.source.file, files.size);
  const rank = ({ at }: Problem): number => files.get(at.source.file) ?? 0;
  return [...problems]
    .sort((a, b) => rank(a) - rank(b) || a.at.line - b.at.line || a.at.column - b.at.column)
    .map(({ at, text }) => locate(at, text));
}
