import type { VhostConfig } from '../../config/index.js';

/** What the configuration says about a stream. */
export interface HlsSettings {
  readonly hls: VhostConfig['hls'];
  /** The stream's clock is the encoder's (`atc on`, `time_jitter off`). */
  readonly isAbsolute: boolean;
  readonly utc: boolean;
}
