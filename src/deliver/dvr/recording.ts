import type { FileHandle } from 'node:fs/promises';
import { type Ms, ms } from '../../core/index.js';
import { reasonOf } from '../../kernel/index.js';
import type { Batch, FlvContent, Reached } from './flv-content.js';
import type { OpenFile, RecordRoot } from './record-root.js';

/** So many bytes go to the disk at once, without waiting for `flush`. */
const BATCH = 256 * 1024;
/** What of one file may wait for the disk: a whole GOP cache comes at once. */
const MOST_WAITING = 64 * 2 ** 20;

/** How a recording ended. */
export interface Ended {
  /** Below the directory. Undefined: there was nothing to keep, or it could not be given its name. */
  readonly path: string | undefined;
  /** Bytes that are on disk. */
  readonly size: number;
  readonly duration: Ms;
  /** It was closed and did not fail. */
  readonly isWhole: boolean;
  /** Why it has no name though there is something in it: it stays as it is, and the next start repairs it. */
  readonly unnamed: string | undefined;
}

/** Told of what becomes of the file. */
export interface RecordingEvents {
  /** It cannot go on; `ended` follows. At once or later, never twice. */
  failed(why: string): void;
  written(bytes: number): void;
  /** The last of all. */
  ended(end: Ended): void;
}

const NOTHING: Reached = { size: 0, duration: ms(0) };

/**
 * One file on its way to the disk. Nobody waits for it: frames collect, go to the disk in batches, and when too many
 * bytes wait the recording fails rather than to hold up the stream. What was written by then becomes a whole file.
 */
export class Recording {
  #file: OpenFile | undefined;
  #path: string;
  readonly #queue: Batch[] = [];
  #queued = 0;
  #reached: Reached = NOTHING;
  #state: 'open' | 'closing' | 'failed' = 'open';
  #pumping = false;

  /**
   * @param wanted path below the directory. @param at when it began, ms since 1970.
   * @param careful the disk was full before: it is left alone while it has no room.
   */
  constructor(
    private readonly root: RecordRoot,
    private readonly content: FlvContent,
    wanted: string,
    private readonly at: number,
    private readonly careful: boolean,
    private readonly events: RecordingEvents,
  ) {
    this.#path = wanted;
  }

  /** Below the directory: as it is, or as it is wanted as long as it is not there. */
  get path(): string {
    return this.#path;
  }

  /** The content has more. */
  grew(): void {
    if (this.content.waitingBytes >= BATCH) this.flush();
  }

  /** What waits goes to the disk. */
  flush(): void {
    if (this.#state !== 'open') return;
    const batch = this.content.take();
    if (batch === undefined) return;
    const { length } = batch.bytes;
    if (this.#queued + length > MOST_WAITING || !this.root.take(length))
      return this.#fail(`the disk is too slow: ${Math.round(this.root.waiting / 2 ** 20)} MiB wait for it`);
    this.#queue.push(batch);
    this.#queued += length;
    this.#pump();
  }

  /** There is no more to come. */
  close(): void {
    if (this.#state !== 'open') return;
    this.flush();
    if (this.#state !== 'open') return;
    this.#state = 'closing';
    this.#pump();
  }

  #fail(why: string): void {
    if (this.#state === 'failed') return;
    this.#state = 'failed';
    this.#giveUpQueue();
    this.events.failed(why);
    this.#pump();
  }

  #giveUpQueue(): void {
    this.root.give(this.#queued);
    this.#queued = 0;
    this.#queue.length = 0;
  }

  /** One turn at the disk for what there is; another one for what comes meanwhile. */
  #pump(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    void this.root
      .inTurn(() => this.#turn())
      .catch((cause) => this.#fail(reasonOf(cause)))
      .then(() => this.#turned());
  }

  #turned(): void {
    this.#pumping = false;
    if (this.#queue.length > 0) return this.#pump();
    if (this.#state === 'open') return;
    this.#pumping = true;
    const end = { isWhole: this.#state === 'closing', path: undefined, unnamed: undefined };
    void this.root
      .inTurn(() => this.#finish())
      .then(
        (path) => this.events.ended({ ...this.#reached, ...end, path }),
        (cause) => {
          if (end.isWhole) this.events.failed(reasonOf(cause));
          this.events.ended({ ...this.#reached, ...end, isWhole: false, unnamed: reasonOf(cause) });
        },
      );
  }

  async #turn(): Promise<void> {
    if (this.#queue.length === 0) return;
    const handle = this.#file?.handle ?? (await this.#create());
    for (let batch = this.#queue[0]; batch !== undefined; batch = this.#queue[0]) {
      await writeAll(handle, batch.bytes, this.#reached.size);
      // What was given up meanwhile does not count, though it is there.
      if (this.#queue[0] !== batch) return;
      this.#queue.shift();
      this.#queued -= batch.bytes.length;
      this.root.give(batch.bytes.length);
      this.#reached = { size: batch.size, duration: batch.duration };
      this.events.written(batch.bytes.length);
    }
  }

  async #create(): Promise<FileHandle> {
    if (this.careful && !(await this.root.hasRoom())) throw Object.assign(new Error(), { code: 'ENOSPC' });
    this.#file = await this.root.create(this.#path, this.at);
    this.#path = this.#file.path;
    return this.#file.handle;
  }

  /** @returns the path of the file; undefined when there is none to keep. */
  async #finish(): Promise<string | undefined> {
    const file = this.#file;
    if (file === undefined) return undefined;
    const { handle, path } = file;
    const { size, duration } = this.#reached;
    try {
      if (size > 0) {
        // Half a batch, from a disk that filled in the middle of it.
        if (this.#state === 'failed') await handle.truncate(size);
        const front = this.content.closing({ size, duration });
        await writeAll(handle, front, 0);
      }
    } finally {
      await handle.close();
    }
    if (size > 0) return this.root.name(path, this.at);
    await this.root.discard(path);
    return undefined;
  }
}

/** A disk that fills takes a part first, and says so when it gets the rest. */
async function writeAll(handle: FileHandle, bytes: Buffer, position: number): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    const { bytesWritten } = await handle.write(bytes, at, bytes.length - at, position + at);
    at += bytesWritten;
  }
}
