import type { Budget } from './budget.js';
import type { ByteReader } from './byte-reader.js';
import { syntaxError } from './errors.js';
import type { AmfValue } from './value.js';

interface Entry {
  value: AmfValue;
  /** Elements below the value; while it is read: the budget's count at its begin. */
  elements: number;
  /** About so many bytes it takes when it is written out; while it is read: the count at its begin. */
  bytes: number;
  /** Levels of containers, itself included; 0 for a leaf. While it is read: the level that was deepest around it. */
  levels: number;
  done: boolean;
}

/**
 * Complex values of one message in the order in which they began, for references by index.
 *
 * A reference is charged like the copy that it stands for. Otherwise `a=[..]; b=[a,a]; c=[b,b]; …` would be a few
 * bytes for us and 2^n values for whoever walks the result later, and a long text would be written out again and again.
 * For the same reason a value may not contain itself: what the decoder returns never has a cycle.
 */
export class ReferenceTable {
  readonly #entries: Entry[] = [];
  readonly #budget: Budget;
  readonly #in: ByteReader;

  constructor(budget: Budget, input: ByteReader) {
    this.#budget = budget;
    this.#in = input;
  }

  /** Bytes read so far, with those that references stand for. */
  get #bytes(): number {
    return this.#in.at + this.#budget.copied;
  }

  /** A container begins. @returns its index, for `close`. */
  open(): number {
    const budget = this.#budget;
    const outer = budget.deepest;
    budget.deepest = budget.depth;
    budget.enter();
    const entry = { value: undefined, elements: budget.used, bytes: this.#bytes, levels: outer, done: false };
    return this.#entries.push(entry) - 1;
  }

  close(index: number, value: AmfValue): void {
    const entry = this.#entries[index] as Entry;
    const budget = this.#budget;
    budget.leave();
    const outer = entry.levels;
    entry.value = value;
    entry.elements = budget.used - entry.elements;
    entry.bytes = this.#bytes - entry.bytes;
    entry.levels = budget.deepest - budget.depth;
    entry.done = true;
    budget.deepest = Math.max(outer, budget.deepest);
  }

  /** A complex value without values inside: a date, a string of bytes, a vector of numbers. */
  addLeaf(value: AmfValue, elements = 0, bytes = 0): void {
    this.#entries.push({ value, elements, bytes, levels: 0, done: true });
  }

  /** @throws {ProtocolError} AMF_SYNTAX for an index nobody has taken, or a value that is still being read. */
  get(index: number): AmfValue {
    const entry = this.#entries[index];
    if (entry === undefined) throw syntaxError('reference to an unknown object', { index });
    if (!entry.done) throw syntaxError('an object contains itself', { index });
    this.#budget.spend(entry.elements);
    this.#budget.copy(entry.bytes);
    this.#budget.reach(this.#budget.depth + entry.levels);
    return entry.value;
  }
}
