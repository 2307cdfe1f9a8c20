import { SrsError } from '../../kernel/index.js';

const WITHIN = 10_000;
const PAGE = 500;

/** Answers of the API as far as this program shows them. */
export interface Rates {
  readonly recv_30s: number;
  readonly send_30s: number;
}
export interface StreamAnswer {
  readonly id: string;
  readonly stream_url: string;
  readonly viewers: number;
  readonly drops: number;
  readonly kbps: Rates;
  readonly publish: { readonly active: boolean; readonly ip: string; readonly alive: number };
  readonly video: {
    readonly codec: string;
    readonly width: number;
    readonly height: number;
    readonly fps: number;
  } | null;
  readonly audio: { readonly codec: string; readonly sample_rate: number } | null;
}
export interface ClientAnswer {
  readonly id: string;
  readonly stream_url: string;
  readonly ip: string;
  readonly protocol: string;
  readonly type: string;
  readonly alive: number;
  readonly send_bytes: number;
  readonly recv_bytes: number;
  readonly lag_ms: number;
  readonly drops: number;
}
export interface ForwardAnswer {
  readonly id: string;
  readonly stream_url: string;
  readonly to: string;
  readonly state: string;
  readonly alive: number;
  readonly send_bytes: number;
  readonly send_30s: number;
  readonly lag_ms: number;
  readonly drops: number;
  readonly reconnects: number;
  readonly last_error: string;
}
export interface EdgeAnswer {
  readonly role: string;
  readonly stream_url: string;
  readonly upstream: string;
  readonly state: string;
  readonly alive: number;
  readonly bytes: number;
  readonly reconnects: number;
  readonly last_error: string;
}
export interface IngestAnswer {
  readonly ingest: string;
  readonly engine: string;
  readonly input: string;
  readonly output: string;
  readonly state: string;
  readonly alive: number;
  readonly fps: number;
  readonly speed: number;
  readonly restarts: number;
  readonly last_error: string;
}
export interface SummariesAnswer {
  readonly self: {
    readonly version: string;
    readonly pid: number;
    readonly cpu_percent: number;
    readonly mem_kbyte: number;
    readonly srs_uptime: number;
  };
  readonly system: {
    readonly cpu_percent: number;
    readonly load_1m: number;
    readonly srs_recv_kbps: number;
    readonly srs_send_kbps: number;
    readonly conn_srs: number;
  };
}

/** The HTTP API of a running server. */
export class ApiClient {
  constructor(
    private readonly base: string,
    private readonly token: string,
  ) {}

  /** @throws {SrsError} UNREACHABLE, or REMOTE_REFUSED with what the server says. */
  async ask<T>(method: 'GET' | 'POST' | 'DELETE', path: string): Promise<T> {
    const { status, text } = await this.#send(method, path);
    let answer: { code?: unknown; message?: unknown };
    try {
      answer = JSON.parse(text) as typeof answer;
    } catch {
      throw new SrsError('REMOTE_REFUSED', `${this.base} does not answer as the API does (status ${status})`);
    }
    const isDenied = answer.code === 'API_REFUSED';
    if (status >= 400)
      throw new SrsError(
        'REMOTE_REFUSED',
        `${String(answer.message)} (${String(answer.code)})${isDenied ? `: ${this.#howToGetIn(method)}` : ''}`,
      );
    return answer as T;
  }

  async #send(method: string, path: string): Promise<{ status: number; text: string }> {
    try {
      const reply = await fetch(new URL(path, this.base), {
        method,
        redirect: 'error',
        signal: AbortSignal.timeout(WITHIN),
        headers: this.token === '' ? {} : { authorization: `Bearer ${this.token}` },
      });
      return { status: reply.status, text: await reply.text() };
    } catch (error) {
      const { cause, message } = error as Error;
      const why = cause instanceof Error ? cause.message : message;
      throw new SrsError('UNREACHABLE', `no answer from ${this.base}: ${why}`);
    }
  }

  #howToGetIn(method: string): string {
    const needed = method === 'GET' ? 'the read_token or write_token' : 'the write_token';
    const given = this.token === '' ? 'set SRSCTL_TOKEN to' : 'SRSCTL_TOKEN or --token is not';
    return `${given} ${needed} of its http_api { … }`;
  }

  streams(): Promise<StreamAnswer[]> {
    return this.#all<StreamAnswer>('streams');
  }

  clients(): Promise<ClientAnswer[]> {
    return this.#all<ClientAnswer>('clients');
  }

  /** A list without pages. */
  async list<T>(name: 'forwards' | 'edges' | 'ingests'): Promise<T[]> {
    return (await this.ask<Record<string, T[]>>('GET', `/api/v1/${name}`))[name] ?? [];
  }

  async summaries(): Promise<SummariesAnswer> {
    return (await this.ask<{ data: SummariesAnswer }>('GET', '/api/v1/summaries')).data;
  }

  /** Every page of a list. */
  async #all<T>(name: 'streams' | 'clients'): Promise<T[]> {
    const all: T[] = [];
    for (;;) {
      const page = await this.ask<Record<string, T[] | undefined>>(
        'GET',
        `/api/v1/${name}?start=${all.length}&count=${PAGE}`,
      );
      const list = page[name] ?? [];
      all.push(...list);
      if (list.length < PAGE) return all;
    }
  }
}
