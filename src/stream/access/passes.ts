import { randomBytes } from 'node:crypto';
import type { ClientFacts, ProgramKind } from '../gate.js';

/** What the holder of a pass may do, with which stream (`vhost/app/stream`), and what it is run for. */
interface Pass {
  readonly use: 'publish' | 'play';
  readonly streamKey: string;
  readonly kind: ProgramKind;
}

const PARAMETER = /([?&])srs_pass=([0-9a-f]{32})(?=&|$)/;

/** Random words for the programs that this server runs itself: with one a program may use one stream, while it runs. */
export class Passes {
  readonly #passes = new Map<string, Pass>();
  readonly #holders = new Map<string, Pass>();

  /** How many are valid. */
  get size(): number {
    return this.#passes.size;
  }

  issue(kind: ProgramKind, use: Pass['use'], streamKey: string): string {
    const token = randomBytes(16).toString('hex');
    this.#passes.set(token, { kind, use, streamKey });
    return token;
  }

  revoke(token: string): void {
    this.#passes.delete(token);
  }

  /** The pass that a client shows, or has shown before. */
  show({ id, param }: ClientFacts): Pass | undefined {
    const shown = this.#passes.get(PARAMETER.exec(param)?.[2] ?? '');
    if (shown !== undefined) this.#holders.set(id, shown);
    return this.#holders.get(id);
  }

  /** The client with this id is gone. */
  left(id: string): void {
    this.#holders.delete(id);
  }

  isHolder(id: string): boolean {
    return this.#holders.has(id);
  }

  /** What a program of this server is run for that publishes as the client with this id; undefined: it is none. */
  publisherKind(id: string): ProgramKind | undefined {
    const pass = this.#holders.get(id);
    return pass?.use === 'publish' ? pass.kind : undefined;
  }
}

/** A query or URL that shows a pass. */
export const withPass = (url: string, token: string): string =>
  `${url}${url.includes('?') ? '&' : '?'}srs_pass=${token}`;

export const withoutPass = (text: string): string =>
  text
    .replace(PARAMETER, (_, mark: string) => (mark === '?' ? '?' : ''))
    .replace(/\?&/, '?')
    .replace(/\?$/, '');
