import { limitError } from './errors.js';

/** Containers inside containers; the outermost is at depth 1. */
export const maxDepth = 16;
/** Values, property names of classes and vector items in one call. */
export const maxElements = 10_000;
/** Bytes that references stand for, in one call: few use any. */
export const maxCopied = 2 ** 20;

/** What one encode or decode call may still use. Shared by the AMF0 and AMF3 halves of one message. */
export class Budget {
  /** Elements used so far. */
  used = 0;
  /** Bytes that the references so far stand for. */
  copied = 0;
  /** Deepest level that was reached since a caller last lowered it; see `ReferenceTable`. */
  deepest = 0;
  #depth = 0;

  get depth(): number {
    return this.#depth;
  }

  /** @throws {ProtocolError} AMF_LIMIT when the call has used up its elements. */
  spend(elements = 1): void {
    this.used += elements;
    if (this.used > maxElements) throw limitError('too many elements', { limit: maxElements });
  }

  /** @throws {ProtocolError} AMF_LIMIT when the call refers to too many bytes. */
  copy(bytes: number): void {
    this.copied += bytes;
    if (this.copied > maxCopied) throw limitError('references to too many bytes', { limit: maxCopied });
  }

  /** @throws {ProtocolError} AMF_LIMIT when the container that begins here is nested too deep. */
  enter(): void {
    this.#depth += 1;
    this.reach(this.#depth);
  }

  leave(): void {
    this.#depth -= 1;
  }

  reach(depth: number): void {
    if (depth > maxDepth) throw limitError('nested too deep', { limit: maxDepth });
    if (depth > this.deepest) this.deepest = depth;
  }
}
