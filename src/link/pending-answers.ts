import { RefusedError } from '../kernel/index.js';
import { AmfObject, type AmfValue } from '../protocol/amf/index.js';

/** Who waits for an answer of the server. */
export interface Waiting {
  resolve(args: readonly AmfValue[]): void;
  reject(error: Error): void;
}

/** What an onStatus says; empty where it says nothing. */
export interface Status {
  readonly code: string;
  readonly description: string;
  readonly level: string;
}

export function readStatus(args: readonly AmfValue[]): Status {
  const info = args.find((arg): arg is AmfObject => arg instanceof AmfObject);
  const text = (name: string): string => String(info?.get(name) ?? '');
  return { code: text('code'), description: text('description'), level: text('level') };
}

/** What an RTMP client waits for: answers to its calls, by transaction, and statuses, by how their code begins. */
export class PendingAnswers {
  readonly #calls = new Map<number, Waiting>();
  readonly #statuses: Array<Waiting & { readonly prefix: string }> = [];

  call(transaction: number, waiting: Waiting): void {
    this.#calls.set(transaction, waiting);
  }

  /** @param prefix `NetStream.Publish.`: its Start is the answer, an error of any kind a refusal. */
  status(prefix: string, waiting: Waiting): void {
    this.#statuses.push({ prefix, ...waiting });
  }

  /** `_result` or `_error` came. */
  answered(transaction: number, args: readonly AmfValue[], isResult: boolean): void {
    const call = this.#calls.get(transaction);
    this.#calls.delete(transaction);
    if (isResult) call?.resolve(args);
    else call?.reject(refusal(args));
  }

  /** `onStatus` came. Play.Reset only announces the answer. */
  told(args: readonly AmfValue[]): void {
    const { code, level } = readStatus(args);
    const failed = level === 'error';
    const at = failed
      ? 0
      : this.#statuses.findIndex(({ prefix }) => code.startsWith(prefix) && code !== 'NetStream.Play.Reset');
    const [waiting] = at < 0 ? [] : this.#statuses.splice(at, 1);
    if (failed) waiting?.reject(refusal(args));
    else waiting?.resolve(args);
  }

  /** Nothing will come any more. */
  fail(error: Error): void {
    for (const waiting of [...this.#calls.values(), ...this.#statuses]) waiting.reject(error);
    this.#calls.clear();
    this.#statuses.length = 0;
  }
}

function refusal(args: readonly AmfValue[]): RefusedError {
  const { code, description } = readStatus(args);
  const why = description || code || 'no reason given';
  return new RefusedError('REMOTE_REFUSED', `the server refused: ${why}`, { code: code || undefined });
}
