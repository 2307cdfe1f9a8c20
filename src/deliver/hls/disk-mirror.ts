import { ms } from '../../core/index.js';
import { type Clock, type Log, reasonOf, type Timer } from '../../kernel/index.js';
import type { DiskRoot } from './disk-root.js';
import type { Segment } from './segment-window.js';

/** The stream whose files these are. */
export interface MirrorSource {
  readonly playlistPath: string;
  readonly listed: readonly Segment[];
  readonly kept: readonly Segment[];
  playlistOf(entries: readonly Segment[]): string | undefined;
}

export interface MirrorEvents {
  /** A segment is whole on disk. */
  written(segment: Segment): void;
  /** Whether files of segments that nobody can ask for any more are removed. */
  cleansUp(): boolean;
}

/** After a failure the next try is so far away, unless another segment comes first. */
const RETRY = ms(5000);

/**
 * Keeps the files of a stream as its playlist in memory says. What is to be done is found out anew each time, so
 * nothing queues up: what a slow or full disk did not take before it left the playlist is not written at all.
 */
export class DiskMirror {
  readonly #segments = new Set<string>();
  readonly #keyFiles = new Set<string>();
  #playlist: string | undefined;
  #isDue = false;
  #running: Promise<void> | undefined;
  #failing = false;
  #retry: Timer | undefined;
  #closed = false;

  constructor(
    private readonly source: MirrorSource,
    private readonly media: DiskRoot,
    private readonly keys: DiskRoot,
    private readonly events: MirrorEvents,
    private readonly clock: Clock,
    private readonly log: Log,
  ) {}

  /** Something changed. */
  touch(): void {
    this.#isDue = true;
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
  }

  async #run(): Promise<void> {
    while (this.#isDue && !this.#closed) {
      this.#isDue = false;
      await this.#sync();
    }
  }

  async #sync(): Promise<void> {
    try {
      // First what makes room.
      const stays = await this.#removeGone();
      const trouble = (await this.#writeSegments()) ?? stays;
      const isListed = await this.#writePlaylist();
      if (trouble !== undefined) throw trouble;
      if (this.#failing && isListed) {
        this.log.info('HLS files are written again');
        this.#failing = false;
      }
    } catch (cause) {
      if (!this.#failing) this.log.error({ why: reasonOf(cause) }, 'HLS files cannot be written; trying again');
      this.#failing = true;
      this.#retry?.cancel();
      this.#retry = this.#closed ? undefined : this.clock.after(RETRY, () => this.touch());
    }
  }

  /** @returns why one could not be written; those before it are there, and may be listed. */
  async #writeSegments(): Promise<Error | undefined> {
    try {
      for (const segment of this.source.listed) await this.#write(segment);
      return undefined;
    } catch (cause) {
      return errorOf(cause);
    }
  }

  async #write(segment: Segment): Promise<void> {
    const { path, bytes, secret } = segment;
    if (this.#segments.has(path) || bytes === undefined) return;
    if (secret !== undefined && !this.#keyFiles.has(secret.path)) {
      await this.keys.write(secret.path, secret.bytes, this);
      this.#keyFiles.add(secret.path);
    }
    await this.media.write(path, bytes, this);
    this.#segments.add(path);
    if (!this.events.cleansUp()) await this.media.release(path, this);
    this.events.written(segment);
  }

  /** @returns whether there is one: not while all that is listed came after the last segment that was written. */
  async #writePlaylist(): Promise<boolean> {
    const text = this.source.playlistOf(this.#lastRun());
    if (text === undefined) return false;
    if (text !== this.#playlist) await this.media.write(this.source.playlistPath, text, this);
    this.#playlist = text;
    return true;
  }

  /** The newest segments on disk that follow each other: a list says only where its numbers begin. */
  #lastRun(): Segment[] {
    const run: Segment[] = [];
    for (const segment of this.source.listed.toReversed())
      if (this.#segments.has(segment.path)) run.unshift(segment);
      else if (run.length > 0) break;
    return run;
  }

  /** @returns why one could not be removed, which holds up nothing else. */
  #removeGone(): Promise<Error | undefined> {
    const { kept } = this.source;
    const paths = new Set(kept.map(({ path }) => path));
    const keyPaths = new Set(kept.map(({ secret }) => secret?.path));
    return firstFailure([
      ...[...this.#segments]
        .filter((path) => !paths.has(path))
        .map((path) => this.#giveUp(this.media, this.#segments, path)),
      ...[...this.#keyFiles]
        .filter((path) => !keyPaths.has(path))
        .map((path) => this.#giveUp(this.keys, this.#keyFiles, path)),
    ]);
  }

  async #giveUp(root: DiskRoot, files: Set<string>, path: string): Promise<void> {
    if (this.events.cleansUp()) await root.remove(path, this);
    else await root.release(path, this);
    files.delete(path);
  }

  /**
   * The last changes are written, then all files are removed, or left to the operator.
   * @param remove segments stay nevertheless where they are not cleaned up.
   */
  async close(remove: boolean): Promise<void> {
    this.#closed = true;
    this.#retry?.cancel();
    await this.#running;
    if (!remove) await this.#sync();
    const clean = remove && this.events.cleansUp();
    const cause = await firstFailure([
      ...[...this.#segments].map((path) => this.#end(this.media, path, clean)),
      ...[...this.#keyFiles].map((path) => this.#end(this.keys, path, clean)),
      this.#end(this.media, this.source.playlistPath, remove),
    ]);
    if (cause !== undefined) this.log.error({ why: reasonOf(cause) }, 'HLS files cannot be removed');
  }

  #end(root: DiskRoot, path: string, remove: boolean): Promise<void> {
    return remove ? root.remove(path, this) : root.release(path, this);
  }
}

/** Waits for all. @returns why the first that failed did. */
async function firstFailure(jobs: readonly Promise<void>[]): Promise<Error | undefined> {
  const failed = (await Promise.allSettled(jobs)).find((result) => result.status === 'rejected');
  return failed && errorOf(failed.reason);
}

const errorOf = (cause: unknown): Error => (cause instanceof Error ? cause : new Error(String(cause)));
