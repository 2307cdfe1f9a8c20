import { StringDecoder } from 'node:string_decoder';

/** A longer line is cut: a program that never ends its line must not fill the memory. */
const MAX_LINE = 4096;

/** Bytes of a pipe → lines, at line feeds and carriage returns; empty ones are left out. */
export class LineSplitter {
  readonly #decoder = new StringDecoder('utf8');
  #rest = '';

  constructor(private readonly line: (line: string) => void) {}

  push(bytes: Buffer): void {
    const lines = (this.#rest + this.#decoder.write(bytes)).split(/[\r\n]+/);
    this.#rest = (lines.pop() ?? '').slice(0, MAX_LINE);
    for (const line of lines) if (line !== '') this.line(line.slice(0, MAX_LINE));
  }

  /** The pipe is closed: what has no end of line is a line as well. */
  end(): void {
    if (this.#rest !== '') this.line(this.#rest);
    this.#rest = '';
  }
}

/** The last few lines. */
export class LastLines {
  #lines: string[] = [];

  constructor(private readonly limit: number) {}

  add(line: string): void {
    this.#lines.push(line);
    if (this.#lines.length > this.limit) this.#lines.shift();
  }

  get lines(): readonly string[] {
    return this.#lines;
  }
}
