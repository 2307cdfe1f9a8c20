import { ConfigError } from '../kernel/index.js';
import { checkIngests } from './check-ingests.js';
import { checkSwitches } from './check-switches.js';
import { checkTogether } from './check-together.js';
import { checkTranscodes } from './check-transcodes.js';
import { type EnvironmentVariables, override } from './environment.js';
import { includeFromDisk, readConfigFile } from './files.js';
import type { OpenInclude } from './grammar.js';
import { readTree } from './grammar.js';
import { foldHost } from './host-name.js';
import { crossClashes, listenersOf } from './listeners.js';
import { openFileLimit, openFilesFor } from './open-files.js';
import { Problems } from './problems.js';
import { type Reading, readScope } from './read-scope.js';
import { scopeOf } from './scope.js';
import { settle } from './settle.js';
import { type Config, laterInRoot, root } from './tables/root.js';
import type { VhostConfig } from './tables/vhost.js';
import { type Position, printPosition, show } from './tree.js';

export interface LoadedConfig {
  readonly config: Config;
  /** `FILE:LINE:COLUMN: text`, in the order of the file. */
  readonly warnings: readonly string[];
  /** Where each value that is not a default comes from: `vhosts/NAME/publish/mr` → `FILE:LINE:COLUMN` or `environment NAME`. */
  readonly origins: ReadonlyMap<string, string>;
}

/** What a configuration depends on besides its text. */
export interface ParseOptions {
  readonly openInclude?: OpenInclude;
  /** How many files the process may have open. */
  readonly openFiles?: number | undefined;
  /** Variables that replace values of the file. */
  readonly environment?: EnvironmentVariables;
}

const rootScope = scopeOf(root, laterInRoot);

/**
 * Reads and checks a configuration file and what it includes.
 * @throws {ConfigError} with one line per error, each of which starts with `FILE:LINE:COLUMN: ` or `environment NAME: `:
 * CONFIG_SYNTAX or CONFIG_UNREADABLE if a text breaks the grammar or a file cannot be read, else CONFIG_INVALID.
 */
export function loadConfig(path: string): LoadedConfig {
  const openFiles = openFileLimit();
  return parseConfig(readConfigFile(path), path, { openInclude: includeFromDisk, openFiles, environment: process.env });
}

/** As `loadConfig`, from text. @param file the name in messages. @throws {ConfigError} */
export function parseConfig(text: string, file: string, options: ParseOptions = {}): LoadedConfig {
  const source = { file, text };
  const whole = { source, line: 1, column: 1 };
  const problems = new Problems();
  const directives = readTree(source, options.openInclude ?? noIncludes, problems);
  if (directives.length === 0) {
    if (!problems.incomplete) problems.error(whole, 'the configuration is empty');
    problems.throwIfAny(file);
  }
  const written = readScope(rootScope, directives, problems);
  const reading = override(rootScope, written, options.environment ?? {}, problems);
  const config = settle(root, reading, whole, problems) as unknown as Config;
  checkOpenFiles(config, options.openFiles, reading.found.get('/maxConnections')?.directive.at ?? whole, problems);
  for (const { listener, text } of crossClashes(listenersOf(root, config as unknown as Record<string, unknown>)))
    problems.error(reading.found.get(listener.path)?.directive.at ?? whole, text);
  checkSwitches(reading, problems);
  checkTogether(config, reading, whole, problems);
  checkTranscodes(config, reading, whole, problems);
  checkIngests(config, reading, whole, problems);
  problems.throwIfAny(file);
  return Object.freeze({ config, warnings: problems.warnings(), origins: originsOf(reading) });
}

const folded = new WeakMap<Config['vhosts'], ReadonlyMap<string, VhostConfig>>();

function foldedOf(vhosts: Config['vhosts']): ReadonlyMap<string, VhostConfig> {
  let byName = folded.get(vhosts);
  if (byName === undefined) {
    byName = new Map(Array.from(vhosts.values(), (vhost) => [foldHost(vhost.name), vhost]));
    folded.set(vhosts, byName);
  }
  return byName;
}

/**
 * The vhost that serves a host name, in upper or lower case: the one of that name, else `__defaultVhost__`. A disabled
 * one serves nobody, and the default does not stand in for it. Its streams go by its own name, however it was asked for.
 */
export function findVhost({ vhosts }: Config, name: string): VhostConfig | undefined {
  const vhost = vhosts.get(name) ?? foldedOf(vhosts).get(foldHost(name)) ?? vhosts.get('__defaultVhost__');
  return vhost?.enabled ? vhost : undefined;
}

const noIncludes: OpenInclude = ({ text }) => {
  throw new ConfigError('CONFIG_UNREADABLE', `cannot include ${show(text)}: there are no files here`);
};

function checkOpenFiles(config: Config, limit: number | undefined, at: Position, problems: Problems): void {
  const needed = openFilesFor(config.maxConnections, config.listen.length, config.httpApi.enabled);
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
