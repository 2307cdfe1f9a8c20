import { ProtocolError } from '../kernel/index.js';

/** A step that is missing is a protocol error; `stop` frees the connection for another publish or play (spec/rtmp.md §6, §7). */
export const steps = {
  connecting: { connect: 'idle' },
  idle: { publish: 'publishing', play: 'playing' },
  publishing: { stop: 'idle' },
  playing: { stop: 'idle' },
} as const;

/** Where a connection is in its life. */
type Phase = keyof typeof steps;
type Step = 'connect' | 'publish' | 'play' | 'stop';
/** Where a step leads, in the phases that have it. */
type After<S extends Step> = { [P in Phase]: (typeof steps)[P] extends Record<S, infer To> ? To : never }[Phase];

/** @throws {ProtocolError} RTMP_STATE */
export function next<S extends Step>(phase: Phase, step: S): After<S> {
  const row: Partial<Record<Step, Phase>> = steps[phase];
  const to = row[step];
  if (to === undefined) throw new ProtocolError('RTMP_STATE', `${step} is not allowed while ${phase}`, { phase, step });
  return to as After<S>;
}
