import { randomBytes } from 'node:crypto';
import { type FileHandle, open, readdir, readFile, unlink } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { containedPath, identityOf, isAlive, makeContained } from '../kernel/index.js';

/** Whose files a record lists: HLS segments are removed when they are left behind, recordings are repaired. */
type Use = 'own' | 'dvr';
const isRecord = (name: string, use: Use): boolean => new RegExp(`^\\.srs-${use}-\\d+-[0-9a-f]+$`).test(name);
/** A file that is being written is called so until it is whole. */
export const TEMPORARY = '.tmp';
/** A record with so many lines more than files is written anew. */
const STALE_LINES = 1000;

/** Who keeps a record. Processes of other hosts (or containers) may share the directory: whether they live, nobody knows here. */
interface Keeper {
  readonly process: string;
  readonly host: string;
}

/**
 * The record of the files that this process has in a directory, kept there itself. A file is on record before it
 * exists, so that the next start finds what a killed process has left, and touches nothing else (reliability R11).
 */
export class OwnFiles {
  readonly #paths = new Set<string>();
  #record: { readonly file: FileHandle; readonly path: string } | undefined;
  #lines = 0;

  constructor(
    private readonly directory: string,
    private readonly use: Use = 'own',
  ) {}

  /** Puts a file on record. @param path relative to the directory. */
  async add(path: string): Promise<void> {
    if (this.#paths.has(path)) return;
    await this.#note('+', path);
    this.#paths.add(path);
  }

  /** The file is gone, or somebody else's from now on. What cannot be noted is harmless: it is looked for in vain. */
  async drop(path: string): Promise<void> {
    if (!this.#paths.delete(path)) return;
    await this.#note('-', path).catch(() => undefined);
  }

  async close(): Promise<void> {
    const record = this.#record;
    this.#record = undefined;
    await record?.file.close();
    if (record !== undefined && this.#paths.size === 0) await unlink(record.path).catch(() => undefined);
  }

  async #note(sign: '+' | '-', path: string): Promise<void> {
    if (this.#lines > this.#paths.size + STALE_LINES) await this.#renew();
    this.#record ??= await this.#open();
    // The line end comes first: what a full disk cut off spoils no other line.
    await this.#record.file.appendFile(`\n${sign}${JSON.stringify(path)}`);
    this.#lines++;
  }

  async #open(): Promise<{ file: FileHandle; path: string }> {
    const name = `.srs-${this.use}-${process.pid}-${randomBytes(4).toString('hex')}`;
    const path = await makeContained(this.directory, name);
    if (path === undefined) throw new Error('the directory is not there');
    const file = await open(path, 'ax', 0o644);
    const keeper: Keeper = { process: identityOf(process.pid), host: hostname() };
    try {
      await file.appendFile(JSON.stringify(keeper));
    } catch (cause) {
      await Promise.allSettled([file.close(), unlink(path)]);
      throw cause;
    }
    return { file, path };
  }

  /** Without the lines that cancel each other. */
  async #renew(): Promise<void> {
    const fresh = await this.#open();
    try {
      await fresh.file.appendFile([...this.#paths].map((path) => `\n+${JSON.stringify(path)}`).join(''));
    } catch (cause) {
      await Promise.allSettled([fresh.file.close(), unlink(fresh.path)]);
      throw cause;
    }
    const former = this.#record;
    this.#record = fresh;
    if (former !== undefined) await Promise.allSettled([former.file.close(), unlink(former.path)]);
    this.#lines = this.#paths.size;
  }
}

/** Removes what processes that run no more have left in a directory. @returns how many files. */
export async function sweep(directory: string): Promise<number> {
  let removed = 0;
  await visitLeft(directory, 'own', async (path) => {
    removed += await removeWithin(directory, path);
    return true;
  });
  return removed;
}

/**
 * Visits the files that processes that run no more have on record in a directory, one after another.
 * @param visit gets the path on record; false: it has to be visited again at the next start, so the record stays.
 */
export async function visitLeft(directory: string, use: Use, visit: (path: string) => Promise<boolean>): Promise<void> {
  const names = await readdir(directory).catch(() => []);
  for (const name of names.filter((entry) => isRecord(entry, use))) {
    const record = join(directory, name);
    const left = leftBehind(await readFile(record, 'utf8').catch(() => ''));
    if (left === undefined) continue;
    let isDone = true;
    for (const path of left) isDone = (await visit(path)) && isDone;
    if (isDone) await unlink(record).catch(() => undefined);
  }
}

/** The files on a record. @returns undefined when its process may still run. */
function leftBehind(record: string): Set<string> | undefined {
  const [head = '', ...lines] = record.split('\n');
  const keeper = parsed(head) as Partial<Keeper> | null | undefined;
  if (keeper?.host !== hostname() || typeof keeper.process !== 'string' || isAlive(keeper.process)) return undefined;
  const paths = new Set<string>();
  for (const line of lines) {
    const path = parsed(line.slice(1));
    if (typeof path !== 'string') continue;
    if (line.startsWith('+')) paths.add(path);
    else paths.delete(path);
  }
  return paths;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // the process or the disk ended in the middle of it
  }
}

async function removeWithin(directory: string, path: string): Promise<number> {
  const file = await placeOf(directory, path);
  if (file === undefined) return 0;
  const gone = await Promise.allSettled([unlink(file), unlink(file + TEMPORARY)]);
  return gone.filter(({ status }) => status === 'fulfilled').length;
}

/** Where a file of the directory is. @returns undefined when its own directory is not there or outside. */
export async function placeOf(directory: string, path: string): Promise<string | undefined> {
  const place = await containedPath(directory, dirname(path));
  return place === undefined ? undefined : join(place, basename(path));
}
