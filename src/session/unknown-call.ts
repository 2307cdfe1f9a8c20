import type { RtmpLink } from '../link/index.js';
import type { Command } from './connect.js';
import { result } from './statuses.js';

/** Calls of the server's own kind, and answers: answered again they would go to and fro. */
const ANSWERS: ReadonlySet<string> = new Set(['_result', '_error', 'onStatus']);

/**
 * The answer to a call that this server does not know: librtmp's `_checkbw`, ffmpeg's `getStreamLength`, which wants a
 * number. Without a transaction id none is waited for.
 */
export function answerUnknown(link: RtmpLink, { name, transactionId }: Command): void {
  if (transactionId > 0 && !ANSWERS.has(name)) link.send(result(transactionId, name === 'getStreamLength' ? 0 : null));
}
