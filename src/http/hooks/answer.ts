import { checkName } from '../../protocol/rtmp/index.js';

/** What a hook server said to a question. */
export type HookAnswer =
  | { readonly kind: 'yes'; readonly stream?: string }
  | { readonly kind: 'no'; readonly reason?: string }
  /** Nothing that can be understood. */
  | { readonly kind: 'broken'; readonly why: string };

const MAX_REASON = 200;

/** A whole answer: status 200 or 201 with `0`, or a JSON object whose `code` is 0, is a yes (spec/http.md §1.4). */
export function readAnswer(status: number, body: string): HookAnswer {
  if (status !== 200 && status !== 201) return { kind: 'broken', why: `status ${status}` };
  if (body.trim() === '0') return { kind: 'yes' };
  let answer: unknown;
  try {
    answer = JSON.parse(body);
  } catch {
    return { kind: 'broken', why: 'the answer is neither 0 nor JSON' };
  }
  if (typeof answer === 'number' && Number.isInteger(answer)) return { kind: 'no' };
  if (typeof answer !== 'object' || answer === null) return { kind: 'broken', why: 'the answer has no code' };
  const { code, stream, reason } = answer as Record<string, unknown>;
  if (typeof code !== 'number' || !Number.isInteger(code)) return { kind: 'broken', why: 'the answer has no code' };
  if (code !== 0) return { kind: 'no', ...(typeof reason === 'string' && { reason: tell(reason) }) };
  return typeof stream === 'string' && stream !== '' ? renamed(stream) : { kind: 'yes' };
}

function renamed(stream: string): HookAnswer {
  try {
    return { kind: 'yes', stream: checkName('stream', stream) };
  } catch {
    return { kind: 'broken', why: 'the answer names a stream that no stream can have' };
  }
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: that is what must not reach a client's terminal
const tell = (reason: string): string => reason.replace(/[\u0000-\u001f\u007f]+/g, ' ').slice(0, MAX_REASON);
