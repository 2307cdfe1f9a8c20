/** `max_connections`: all listeners together; a connection over it is closed at accept, before the handshake. */
export class Admission {
  #count = 0;

  constructor(private readonly max: () => number) {}

  get count(): number {
    return this.#count;
  }

  /** @returns false when the server is full. Each admission must be given back once. */
  enter(): boolean {
    if (this.#count >= this.max()) return false;
    this.#count++;
    return true;
  }

  leave(): void {
    this.#count--;
  }
}
