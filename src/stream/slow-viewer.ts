import type { Log } from '../kernel/index.js';
import type { ViewerEvents } from './viewer.js';

/** Writes into the log that a viewer of the stream fell behind. */
export const warnOfLag = (log: Log, stream: string): ViewerEvents => ({
  fellBehind: (viewer) =>
    log.warn(
      { stream, lagMs: viewer.log?.lagOf(viewer), backlog: viewer.backlog, drops: viewer.drops },
      'player is too slow: it will go on at a key frame',
    ),
});
