import { Ajv2020 } from 'ajv/dist/2020.js';
import type { Static } from 'typebox';
import type { edge } from '../../src/http/api/schemas/edge.js';
import type { forward } from '../../src/http/api/schemas/forward.js';
import type { ingest } from '../../src/http/api/schemas/ingest.js';
import type { client, stream, vhost } from '../../src/http/api/schemas/media.js';

/** Bodies of all answers in one: what a test reads of it is there, or the test fails. */
interface Body {
  code: 0 | string;
  message: string;
  service: string;
  total: number;
  kicked: number;
  changes: string[];
  settings: { in: string[]; name: string; value: unknown }[];
  vhosts: Static<typeof vhost>[];
  streams: Static<typeof stream>[];
  stream: Static<typeof stream>;
  clients: Static<typeof client>[];
  client: Static<typeof client>;
  edges: Static<typeof edge>[];
  forwards: Static<typeof forward>[];
  forward: Static<typeof forward>;
  ingests: Static<typeof ingest>[];
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** Parsed; {} when there is none. */
  readonly body: Body;
}

export type Ask = (path: string, init?: RequestInit) => Promise<Answer>;

/** Talks to the API of a server. @param authorization sent with every request that has none of its own. */
export const apiOf =
  (port: number | undefined, authorization = ''): Ask =>
  async (path, init = {}) => {
    // Every request on a connection of its own, or a closed listener would not be noticed.
    const headers = { connection: 'close', ...(authorization && { authorization }), ...init.headers };
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { redirect: 'manual', ...init, headers });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: JSON.parse(text || '{}') as Body };
  };

interface Operation {
  readonly responses: Record<string, { readonly content?: { readonly 'application/json': { schema: object } } }>;
}

/** An OpenAPI document, to hold answers against. */
export class Contract {
  readonly #ajv = new Ajv2020({ strict: true, allErrors: true });
  /** `METHOD PATH` of every operation that an answer was checked for. */
  readonly checked = new Set<string>();

  readonly #paths: Record<string, Record<string, Operation>>;

  constructor(document: unknown) {
    this.#paths = (document as { paths: Record<string, Record<string, Operation>> }).paths;
  }

  /** `METHOD PATH` of every operation. */
  get operations(): string[] {
    return Object.entries(this.#paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
  }

  /** The media type of a success that is no JSON. */
  typeOf(method: string, path: string): string | undefined {
    this.checked.add(`${method} ${path}`);
    return Object.keys(this.#paths[path]?.[method.toLowerCase()]?.responses[200]?.content ?? {})[0];
  }

  /** @returns what is wrong with an answer, '' if nothing. @param path with `{…}` as in the document. */
  check(method: string, path: string, { status, body }: Answer): string {
    const responses = this.#paths[path]?.[method.toLowerCase()]?.responses;
    if (responses === undefined) return `${method} ${path} is not in the document`;
    const response = responses[status] ?? responses[`${Math.floor(status / 100)}XX`];
    if (response === undefined) return `${method} ${path} answers ${status}, the document does not know that`;
    this.checked.add(`${method} ${path}`);
    const schema = response.content?.['application/json'].schema;
    if (schema === undefined) return Object.keys(body).length === 0 ? '' : `${method} ${path} has a body`;
    const validate = this.#ajv.compile(schema);
    return validate(body)
      ? ''
      : `${method} ${path}: ${this.#ajv.errorsText(validate.errors)} in ${JSON.stringify(body)}`;
  }
}
