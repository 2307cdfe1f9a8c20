import { includeFromDisk, readConfigFile } from './files.js';
import type { OpenInclude } from './grammar.js';
import { parseTree } from './grammar.js';
import { openFileLimit, openFilesFor } from './open-files.js';
import { Problems } from './problems.js';
import { type Reading, readScope } from './read-scope.js';
import { scopeOf } from './scope.js';
import { settle } from './settle.js';
import { errorAt } from './syntax-error.js';
import { type Config, laterInRoot, root } from './tables/root.js';
import type { VhostConfig } from './tables/vhost.js';
import { type Position, printPosition } from './tree.js';

export interface LoadedConfig {
  readonly config: Config;
  /** `FILE:LINE:COLUMN: text`, in the order of the file. */
  readonly warnings: readonly string[];
  /** Where each value that is not a default comes from: `vhosts/NAME/publish/mr` → `FILE:LINE:COLUMN`. */
  readonly origins: ReadonlyMap<string, string>;
}

/** What a configuration depends on besides its text. */
export interface Surroundings {
  readonly openInclude?: OpenInclude;
  /** How many files the process may have open. */
  readonly openFiles?: number | undefined;
}

const rootScope = scopeOf(root, laterInRoot);

/**
 * Reads and checks a configuration file and what it includes.
 * @throws {ConfigError} CONFIG_UNREADABLE, CONFIG_SYNTAX at the first breach of the grammar, or CONFIG_INVALID with
 * one line per wrong directive; every line starts with `FILE:LINE:COLUMN: `.
 */
export function loadConfig(path: string): LoadedConfig {
  return parseConfig(readConfigFile(path), path, { openInclude: includeFromDisk, openFiles: openFileLimit() });
}

/** As `loadConfig`, from text. @param file the name in messages. @throws {ConfigError} */
export function parseConfig(text: string, file: string, surroundings: Surroundings = {}): LoadedConfig {
  const source = { file, text };
  const whole = { source, line: 1, column: 1 };
  const directives = parseTree(source, surroundings.openInclude ?? noIncludes);
  const problems = new Problems();
  if (directives.length === 0) problems.error(whole, 'the configuration is empty');
  problems.throwIfAny(file);

  const reading = readScope(rootScope, directives, problems);
  const config = settle(root, reading, whole, problems) as unknown as Config;
  checkOpenFiles(config, surroundings.openFiles, reading.found.get('/maxConnections')?.directive.at ?? whole, problems);
  if (config.vhosts.size === 0) problems.warn(whole, 'there is no vhost, so every client is rejected');
  problems.throwIfAny(file);
  return Object.freeze({ config, warnings: problems.warnings(), origins: originsOf(reading) });
}

/**
 * The vhost that serves a host name: exactly that name, else `__defaultVhost__`. A disabled one serves nobody, and the
 * default does not stand in for it.
 */
export function findVhost(config: Config, name: string): VhostConfig | undefined {
  const vhost = config.vhosts.get(name) ?? config.vhosts.get('__defaultVhost__');
  return vhost?.enabled ? vhost : undefined;
}

const noIncludes: OpenInclude = ({ at, text }) => {
  throw errorAt(at, `can not include ${text}: there are no files here`, 'CONFIG_UNREADABLE');
};

function checkOpenFiles(config: Config, limit: number | undefined, at: Position, problems: Problems): void {
  const needed = openFilesFor(config.maxConnections, config.listen.length);
  if (limit === undefined || needed <= limit) return;
  const text = `max_connections ${config.maxConnections} needs ${needed} open files, the limit is ${limit}`;
  problems.error(at, `${text}: run "ulimit -HSn ${needed}" before srs, or lower max_connections`);
}

function originsOf(reading: Reading, prefix = '', origins = new Map<string, string>()): Map<string, string> {
  for (const [path, { directive, written }] of reading.found)
    if (written) origins.set(`${prefix}${path.slice(1)}`, printPosition(directive.at));
  for (const [path, blocks] of reading.named)
    for (const [id, block] of blocks) originsOf(block, `${prefix}${path.slice(1)}/${id}/`, origins);
  return origins;
}
