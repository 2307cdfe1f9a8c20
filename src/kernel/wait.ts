import { type Ms, ms } from '../core/index.js';
import type { Clock } from './clock.js';

const LOOK_EVERY = ms(10);

/** Waits as long as something is so, at most `limit` ms. @param every how often it is looked at. */
export async function waitWhile(clock: Clock, isSo: () => boolean, limit: Ms, every = LOOK_EVERY): Promise<void> {
  const deadline = clock.now() + limit;
  while (isSo() && clock.now() < deadline) await new Promise<void>((resolve) => clock.after(every, resolve));
}
