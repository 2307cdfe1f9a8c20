import { ProtocolError } from '../kernel/index.js';

/** Where a connection is in its life. */
export type Phase = 'connecting' | 'idle' | 'publishing' | 'playing';
export type Step = 'connect' | 'publish' | 'play' | 'stop';

/** A step that is missing is a protocol error; `stop` frees the connection for another publish or play (spec/rtmp.md §6, §7). */
export const steps: Readonly<Record<Phase, Partial<Record<Step, Phase>>>> = {
  connecting: { connect: 'idle' },
  idle: { publish: 'publishing', play: 'playing' },
  publishing: { stop: 'idle' },
  playing: { stop: 'idle' },
};

/** @throws {ProtocolError} RTMP_STATE */
export function next(phase: Phase, step: Step): Phase {
  const to = steps[phase][step];
  if (to === undefined) throw new ProtocolError('RTMP_STATE', `${step} is not allowed while ${phase}`, { phase, step });
  return to;
}
