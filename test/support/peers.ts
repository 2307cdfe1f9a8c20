import assert from 'node:assert/strict';
import { describe, test } from 'vitest';
import { type PeerName, provePeers } from '../../scripts/lib/peers.mjs';

/** Per peer null, or why it cannot be used: told by scripts/test.mjs, found out here when vitest runs by itself. */
const state: Record<PeerName, string | null | undefined> = process.env.SRS_TEST_PEERS
  ? JSON.parse(process.env.SRS_TEST_PEERS)
  : provePeers();

/**
 * A `describe` for tests that talk to real peers: `withPeers('ffmpeg', 'vlc')('playing with VLC', () => …)`.
 * Where a peer is missing the block is skipped with the reason in its name; with CI=true that is a failure.
 */
export function withPeers(...names: readonly PeerName[]): (title: string, body: () => void) => void {
  const lacks = names.flatMap((name) => state[name] ?? []);
  if (lacks.length === 0) return describe;
  const why = `needs ${names.join(', ')}: ${lacks.join('; ')}`;
  if (process.env.CI === 'true') return (title) => describe(title, () => test(why, () => assert.fail(why)));
  return (title, body) => describe.skip(`${title} [${why}]`, body);
}
