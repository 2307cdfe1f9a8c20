/** Where players may begin in a file: seconds from its begin and offset of the tag. */
export interface KeyPoint {
  readonly time: number;
  readonly position: number;
}

/**
 * The key frames of a file for its metadata, in a room of fixed size: when it is full every second one is left out, so
 * that a long recording has points further apart, all over it.
 */
export class KeyIndex {
  #points: KeyPoint[] = [];
  #every = 1;
  #count = 0;

  /** @param room the most points that are kept. */
  constructor(private readonly room: number) {}

  add(point: KeyPoint): void {
    if (this.room < 2 || this.#count++ % this.#every !== 0) return;
    if (this.#points.length === this.room) {
      this.#points = this.#points.filter((_, i) => i % 2 === 0);
      this.#every *= 2;
      // The newest is one of those that stay only if its number is a multiple of the new step.
      if ((this.#count - 1) % this.#every !== 0) return;
    }
    this.#points.push(point);
  }

  /** @param size those behind are left out: they did not get into the file. */
  within(size: number): readonly KeyPoint[] {
    return this.#points.filter(({ position }) => position < size);
  }
}
