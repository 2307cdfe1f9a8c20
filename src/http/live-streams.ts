import type { Ms } from '../core/index.js';
import type { Clock } from '../kernel/index.js';
import type { LiveStream, StreamHub } from '../stream/index.js';

/**
 * The stream of this key, once it is live: now, or within `wait`. Undefined when it does not come, or when the client
 * has gone.
 */
export function awaitLive(
  hub: StreamHub,
  clock: Clock,
  key: string,
  wait: Ms,
  gone: AbortSignal,
): Promise<LiveStream | undefined> {
  const stream = hub.get(key);
  if (stream?.isLive === true) return Promise.resolve(stream);
  if (wait <= 0 || gone.aborted) return Promise.resolve(undefined);
  return new Promise((resolve) => {
    const finish = (found: LiveStream | undefined): void => {
      timer.cancel();
      unobserve();
      gone.removeEventListener('abort', onGone);
      resolve(found);
    };
    const onGone = (): void => finish(undefined);
    const unobserve = hub.observe({ published: (s) => s.key === key && finish(s) });
    const timer = clock.after(wait, onGone);
    gone.addEventListener('abort', onGone);
  });
}
