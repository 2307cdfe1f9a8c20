import { readFileSync, statSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { ConfigError, errnoOf, reasonOf } from '../kernel/index.js';
import type { OpenInclude } from './grammar.js';
import { filesLike, isPattern } from './include-pattern.js';
import { show } from './tree.js';

/** @throws {ConfigError} CONFIG_UNREADABLE */
export function readConfigFile(file: string): string {
  try {
    return readText(file);
  } catch (cause) {
    const text = `${show(file)}: the configuration cannot be read: ${reasonOf(cause)}`;
    throw new ConfigError('CONFIG_UNREADABLE', text, { file }, { cause });
  }
}

/** Files relative to the working directory, as the original has it, or else to the file that includes them. */
export const includeFromDisk: OpenInclude = ({ text: name, at }) => {
  const beside = join(dirname(at.source.file), name);
  const candidates = isAbsolute(name) || beside === join(name) ? [name] : [name, beside];
  let failure: unknown;
  for (const file of candidates) {
    try {
      return [{ file, text: readText(file), from: at }];
    } catch (cause) {
      if (!isMissing(cause)) failure = cause;
      failure ??= cause;
    }
  }
  return tryTo(name, () => {
    if (!isMissing(failure) || !isPattern(name)) throw failure;
    const files = candidates.map(filesLike).find((found) => found.length > 0) ?? [];
    return files.map((file) => tryTo(file, () => ({ file, text: readText(file), from: at })));
  });
};

function tryTo<T>(name: string, include: () => T): T {
  try {
    return include();
  } catch (cause) {
    if (cause instanceof ConfigError) throw cause;
    const text = `cannot include ${show(name)}: ${reasonOf(cause)}`;
    throw new ConfigError('CONFIG_UNREADABLE', text, { file: name }, { cause });
  }
}

/** Pipes are read too (`-c <(…)`); a device might never end. */
function readText(file: string): string {
  const stat = statSync(file);
  if (stat.isDirectory()) throw new Error('it is a directory');
  if (stat.isCharacterDevice() || stat.isBlockDevice()) throw new Error('it is a device');
  return readFileSync(file, 'utf8');
}

const isMissing = (cause: unknown): boolean => errnoOf(cause) === 'ENOENT';
