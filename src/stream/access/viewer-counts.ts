/** Players per stream, whatever they speak. A client plays one stream at a time. */
export class ViewerCounts {
  readonly #counts = new Map<string, number>();
  readonly #playing = new Map<string, string>();

  /** @param max 0: no limit. @returns false when the stream is full; otherwise `leave` is due once. */
  enter(client: string, stream: string, max: number): boolean {
    const count = this.#counts.get(stream) ?? 0;
    if (max > 0 && count >= max) return false;
    this.#counts.set(stream, count + 1);
    this.#playing.set(client, stream);
    return true;
  }

  leave(client: string): void {
    const stream = this.#playing.get(client);
    if (stream === undefined) return;
    this.#playing.delete(client);
    const left = (this.#counts.get(stream) ?? 1) - 1;
    if (left > 0) this.#counts.set(stream, left);
    else this.#counts.delete(stream);
  }
}
