import { fetchPlaylist, type Playlist } from './hls.js';
import { checkTs } from './ts-check.js';

/** A segment as it was first listed. */
interface Seen {
  readonly text: string;
  readonly duration: number;
  /** Its number among the parts of the stream that a discontinuity ends. */
  readonly part: number;
}

/** Reads one live playlist over and over, as a player does, and every segment in it; remembers what a player stumbles over. */
export class PlaylistWatch {
  readonly faults: string[] = [];
  /** By number. */
  readonly segments = new Map<number, Seen>();
  readonly #counters = new Map<number, number>();
  #last: Playlist | undefined;
  #polls = 0;

  /** @param url of the playlist; its segments lie beside it. */
  constructor(private readonly url: string) {}

  get polls(): number {
    return this.#polls;
  }

  get target(): number | undefined {
    return this.#last?.target;
  }

  /** How often the stream was broken off after it had begun. */
  get discontinuities(): number {
    const parts = [...this.segments.values()].map(({ part }) => part);
    return parts.length === 0 ? 0 : Math.max(...parts) - Math.min(...parts);
  }

  /** Reads the playlist every `interval` ms until `isOver`. */
  async run(isOver: () => boolean, interval = 200): Promise<void> {
    while (!isOver()) {
      await this.#poll();
      await new Promise((next) => setTimeout(next, interval));
    }
    await this.#poll();
  }

  async #poll(): Promise<void> {
    const list = await fetchPlaylist(this.url);
    this.#polls++;
    if (list === undefined) {
      if (this.#last !== undefined) this.#say('the playlist is gone');
      return;
    }
    this.#compare(list, this.#last);
    this.#last = list;
    let part = list.discontinuities;
    for (const [i, { uri, duration, discontinuity }] of list.segments.entries()) {
      if (discontinuity) part++;
      const text = `${uri} of ${duration} s in part ${part}`;
      const seq = list.sequence + i;
      const before = this.segments.get(seq);
      if (before === undefined) {
        this.segments.set(seq, { text, duration, part });
        await this.#read(uri);
      } else if (before.text !== text) this.#say(`number ${seq} was ${before.text} and is ${text}`);
      if (Math.round(duration) > list.target) this.#say(`${text} is longer than the target`);
      if (duration < 0.1) this.#say(`${text} is hardly anything`);
    }
  }

  #compare(list: Playlist, last: Playlist | undefined): void {
    if (list.ended) this.#say('it has ended');
    if (last === undefined) return;
    const end = last.sequence + last.segments.length;
    if (list.target !== last.target) this.#say(`the target was ${last.target} and is ${list.target}`);
    if (list.sequence < last.sequence) this.#say(`it began with ${last.sequence} and begins with ${list.sequence}`);
    if (list.discontinuities < last.discontinuities) this.#say('the number of its discontinuities went back');
    if (list.sequence + list.segments.length < end) this.#say('it lost its end');
    if (list.sequence > end) this.#say(`what comes between ${end} and ${list.sequence} was never listed`);
  }

  async #read(uri: string): Promise<void> {
    const reply = await fetch(new URL(uri, this.url));
    if (reply.status !== 200) return this.#say(`${uri} is answered by ${reply.status}`);
    const { faults, stamps } = checkTs(Buffer.from(await reply.arrayBuffer()), this.#counters);
    for (const fault of faults) this.#say(`${uri}: ${fault}`);
    if (stamps.size === 0) this.#say(`${uri}: no media`);
  }

  #say(fault: string): void {
    this.faults.push(`${fault} (read ${this.#polls})`);
  }
}
