import { type Change, type Config, type LoadedConfig, planReload, printChange } from '../config/index.js';
import { ConfigError, type ErrorCode, type Log, messageOf, SrsError } from '../kernel/index.js';

/** What a part of the server prepared for another configuration. */
export interface Prepared {
  /** Takes it back: as if nothing had been prepared. */
  undo(): void | Promise<void>;
  /** The new configuration is in force: what cannot fail, such as closing what is not needed any more. */
  commit?(): void | Promise<void>;
}

/** A part of the server that a reload concerns. */
export interface Reloadable {
  /** It reads files of its own (certificates), so it is asked also when no setting has changed. */
  readonly readsFiles?: true;
  /** Does everything that may fail. @throws when it does; then it has undone its own share. */
  reload(before: Config, after: Config): Promise<Prepared>;
}

export type ReloadResult =
  | { readonly ok: true; readonly changes: readonly string[]; readonly warnings: readonly string[] }
  | { readonly ok: false; readonly code: ErrorCode; readonly error: string };

/**
 * Brings a changed configuration file into force: all of it or none of it. One reload at a time; what is asked for
 * meanwhile is done once afterwards, so a storm of signals costs two reloads.
 */
export class Reloader {
  #running: Promise<ReloadResult> | undefined;
  #next: Promise<ReloadResult> | undefined;

  constructor(
    /** Reads and checks the file. @throws {ConfigError} */
    private readonly load: () => LoadedConfig,
    private readonly now: () => Config,
    private readonly swap: (loaded: LoadedConfig) => void,
    private readonly parts: () => Iterable<Reloadable>,
    private readonly log: Log,
  ) {}

  /** Never rejects: the reason of a failure is logged and in the result. */
  request(): Promise<ReloadResult> {
    if (this.#running === undefined) return this.#run();
    this.#next ??= this.#running.then(() => {
      this.#next = undefined;
      return this.#run();
    });
    return this.#next;
  }

  #run(): Promise<ReloadResult> {
    this.#running = this.#reload().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async #reload(): Promise<ReloadResult> {
    try {
      const loaded = this.load();
      const changes = planReload(this.now(), loaded.config);
      refuse(changes);
      await this.#apply(loaded, changes);
      const warnings = [...loaded.warnings, ...restartsNeeded(changes)];
      for (const warning of warnings) this.log.warn(warning);
      const told = changes.map(printChange);
      this.log.info({ changes: told }, `configuration reloaded, ${count(told.length)}`);
      return { ok: true, changes: told, warnings };
    } catch (error) {
      const why = error instanceof SrsError ? error.message : String(error);
      const fields = error instanceof SrsError ? { code: error.code, why } : { err: error };
      this.log.error(fields, 'reload failed: the previous configuration stays in force');
      return { ok: false, code: error instanceof SrsError ? error.code : 'INTERNAL', error: why };
    }
  }

  async #apply(loaded: LoadedConfig, changes: readonly Change[]): Promise<void> {
    const before = this.now();
    const after = loaded.config;
    const prepared: Prepared[] = [];
    const concerned = [...this.parts()].filter(({ readsFiles }) => changes.length > 0 || readsFiles);
    try {
      for (const part of concerned) prepared.push(await part.reload(before, after));
    } catch (cause) {
      for (const part of prepared.toReversed()) await part.undo();
      const why = messageOf(cause);
      throw new ConfigError('RELOAD_UNDONE', why, { changes: changes.length }, { cause });
    }
    this.swap(loaded);
    for (const part of prepared) await this.#commit(part);
  }

  async #commit(part: Prepared): Promise<void> {
    try {
      await part.commit?.();
    } catch (err) {
      this.log.error({ err }, 'internal error in a reload; the new configuration is in force');
    }
  }
}

/** @throws {ConfigError} RELOAD_REFUSED */
function refuse(changes: readonly Change[]): void {
  const refused = changes.filter(({ how }) => how === 'refused').map(printChange);
  if (refused.length === 0) return;
  const why = `${refused.join(', ')}: this cannot change while the server runs; restart it, or use another vhost`;
  throw new ConfigError('RELOAD_REFUSED', why);
}

const restartsNeeded = (changes: readonly Change[]): string[] =>
  changes.filter(({ how }) => how === 'never').map(({ path }) => `${path} changes only with a restart`);

const count = (n: number): string => (n === 0 ? 'nothing changed' : n === 1 ? '1 change' : `${n} changes`);
