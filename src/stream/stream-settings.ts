import type { VhostConfig } from '../config/index.js';
import { type Ms, secondsToMs } from '../core/index.js';

/** What a live stream takes from its vhost; read again on reload. */
export interface StreamSettings {
  readonly gopCache: boolean;
  readonly gopCacheMaxFrames: number;
  readonly queueLength: Ms;
  readonly timeJitter: 'full' | 'zero' | 'off';
  readonly atc: boolean;
  readonly atcAuto: boolean;
  readonly mwLatency: Ms | undefined;
  readonly minLatency: boolean;
  readonly mixCorrect: boolean;
  readonly sendMinInterval: Ms;
  readonly reduceSequenceHeader: boolean;
  readonly policy: 'takeover' | 'reject';
  readonly grace: Ms;
}

export function streamSettings(vhost: VhostConfig): StreamSettings {
  return {
    gopCache: vhost.gopCache,
    gopCacheMaxFrames: vhost.gopCacheMaxFrames,
    queueLength: secondsToMs(vhost.queueLength),
    // The origin has mended the clock already, and all edges shall show the same times.
    timeJitter: vhost.cluster.mode === 'remote' ? 'off' : vhost.timeJitter,
    atc: vhost.atc,
    atcAuto: vhost.atcAuto,
    mwLatency: vhost.mwLatency,
    minLatency: vhost.minLatency,
    mixCorrect: vhost.mixCorrect,
    sendMinInterval: vhost.sendMinInterval,
    reduceSequenceHeader: vhost.reduceSequenceHeader,
    policy: vhost.publish.policy,
    grace: secondsToMs(vhost.publish.grace),
  };
}
