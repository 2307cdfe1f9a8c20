import { createHmac } from 'node:crypto';
import { version } from '../../kernel/index.js';
import type { HookClient } from './hook-client.js';

/** An answer is a few bytes; more is not read. */
const MAX_ANSWER = 64 * 1024;

export interface HookReply {
  readonly status: number;
  readonly body: string;
}

/** HTTP as hooks need it: bounded answers, one deadline for everything, no redirects, signed bodies. */
export class HookRequests {
  /** Loaded with the first call, since most servers have no hooks. */
  #client: Promise<HookClient> | undefined;

  /** @param secret signs the body when not empty. @throws {Error} when no whole answer came. */
  post(url: string, fields: object, secret: string, wall: number, signal: AbortSignal): Promise<HookReply> {
    const body = JSON.stringify(fields);
    return this.#send(url, 'POST', { 'content-type': 'application/json', ...signed(body, secret, wall) }, body, signal);
  }

  /** @param enough so many bytes of the answer are read, and no more. */
  get(url: string, enough: number, signal: AbortSignal): Promise<HookReply> {
    return this.#send(url, 'GET', {}, undefined, signal, enough);
  }

  async #send(
    url: string,
    method: 'GET' | 'POST',
    headers: Record<string, string>,
    body: string | undefined,
    signal: AbortSignal,
    enough = Number.POSITIVE_INFINITY,
  ): Promise<HookReply> {
    this.#client ??= import('./hook-client.js').then((loaded) => new loaded.HookClient());
    const client = await this.#client;
    const response = await client.call(url, {
      method,
      headers: { 'user-agent': `SRS/${version}`, ...headers },
      body: body ?? null,
      signal,
    });
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of response.body as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      size += chunk.length;
      if (size >= enough) break;
      // Leaving the loop destroys the rest of the answer.
      if (size > MAX_ANSWER) throw new Error(`the answer is longer than ${MAX_ANSWER} bytes`);
    }
    return { status: response.statusCode, body: Buffer.concat(chunks).toString('utf8') };
  }

  async close(): Promise<void> {
    await (await this.#client)?.destroy();
  }
}

/** Two headers: the time, and hex HMAC-SHA256 of `time.body`. The time keeps an old request from being sent again. */
function signed(body: string, secret: string, wall: number): Record<string, string> {
  if (secret === '') return {};
  const time = `${Math.floor(wall / 1000)}`;
  const mac = createHmac('sha256', secret).update(`${time}.${body}`).digest('hex');
  return { 'x-srs-timestamp': time, 'x-srs-signature': mac };
}

/** A hook's URL as logs may show it: its query and user may hold secrets. */
export function publicUrl(url: string): string {
  try {
    const { protocol, host, pathname } = new URL(url);
    return `${protocol}//${host}${pathname}`;
  } catch {
    return '(not a URL)';
  }
}
