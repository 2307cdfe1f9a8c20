import { randomBytes } from 'node:crypto';

const MARK = /([?&])hls_ctx=([0-9A-Za-z_-]{1,64})(?=&|$)&?/;

/** A query without the mark of the player in it (`hls_ctx=…`), and the mark. */
export function splitContext(query: string): { param: string; context: string | undefined } {
  const [, before = '', context] = MARK.exec(query) ?? [];
  if (context === undefined) return { param: query, context };
  const param = query.replace(MARK, before).replace(/[?&]$/, '');
  return { param, context };
}

/** The query of a URL for one player. */
export const withContext = (param: string, context: string): string =>
  `${param}${param === '' ? '?' : '&'}hls_ctx=${context}`;

interface Given {
  readonly context: string;
  /** The player has come back with it. */
  isTaken: boolean;
}

/** Which mark was given last to whom; who is told by address, agent, stream and query. */
export class Contexts {
  readonly #given = new Map<string, Given>();

  /** A mark for whoever has none. Until it is used the same one is given again: asking again makes no second player. */
  offer(who: string): string {
    const given = this.#given.get(who);
    if (given !== undefined && !given.isTaken) return given.context;
    const context = randomBytes(8).toString('hex');
    this.#given.set(who, { context, isTaken: false });
    return context;
  }

  take(who: string, context: string): void {
    this.#given.set(who, { context, isTaken: true });
  }

  /** The mark of requests that come without one. */
  find(who: string): string | undefined {
    return this.#given.get(who)?.context;
  }

  forget(who: string, context: string): void {
    if (this.#given.get(who)?.context === context) this.#given.delete(who);
  }
}
