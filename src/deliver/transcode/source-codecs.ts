import type { Frame } from '../../core/index.js';
import type { FrameConsumer } from '../../stream/index.js';

/**
 * Watches which codecs a stream has. ffmpeg goes on when a publisher comes back with the same ones; with others it has
 * to begin anew, because it looks at its input only at the start.
 */
export class SourceCodecs implements FrameConsumer {
  #before = new Map<string, string>();
  #now = new Map<string, string>();

  constructor(private readonly changed: () => void) {}

  onFrame({ kind, track, codec }: Frame): void {
    if (kind === 'data') return;
    const key = `${kind} ${track}`;
    if (this.#now.get(key) === codec) return;
    this.#now.set(key, codec);
    if (this.#before.size === 0 || this.#before.get(key) === codec) return;
    this.#before.clear(); // what follows is new as well, one start is enough
    this.changed();
  }

  onRepublish(): void {
    this.#before = this.#now;
    this.#now = new Map();
  }
}
