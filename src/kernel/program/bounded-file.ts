import { closeSync, fstatSync, openSync, renameSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { makeDirectory } from '../make-directory.js';

/** A text file that is appended to. At its limit it becomes FILE.1, in place of the one before, and begins anew. */
export class BoundedFile {
  #fd: number | undefined;
  #size = 0;

  /** @param failed told once, when the file cannot be written; then nothing is written any more. */
  constructor(
    private readonly path: string,
    private readonly limit: number,
    private readonly failed: (cause: unknown) => void,
  ) {
    this.#attempt(() => {
      makeDirectory(dirname(path));
      this.#open();
    });
  }

  line(text: string): void {
    this.#attempt(() => {
      if (this.#fd === undefined) return;
      const bytes = Buffer.from(`${text}\n`);
      if (this.#size > 0 && this.#size + bytes.length > this.limit) {
        this.close();
        renameSync(this.path, `${this.path}.1`);
        this.#open();
      }
      this.#size += writeSync(this.#fd, bytes);
    });
  }

  close(): void {
    const fd = this.#fd;
    this.#fd = undefined;
    if (fd !== undefined) closeSync(fd);
  }

  #open(): void {
    this.#fd = openSync(this.path, 'a');
    this.#size = fstatSync(this.#fd).size;
  }

  #attempt(write: () => void): void {
    try {
      write();
    } catch (cause) {
      this.failed(cause);
      try {
        this.close();
      } catch {
        // The disk that cannot be written may not be closed either; the descriptor is gone all the same.
      }
    }
  }
}
