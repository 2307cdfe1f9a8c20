/** For as long as nobody counts. */
export const NOBODY: HookMeter = { asked: () => undefined, told: () => undefined };

/** Hears how each call of a hook went. */
export interface HookMeter {
  /** A question was answered, or not. @param ms how long it took. */
  asked(hook: string, answer: 'yes' | 'no' | 'broken', ms: number): void;
  /** A notification: told, failed and to be tried again, failed for good, or dropped because too many wait. */
  told(hook: string, outcome: 'told' | 'failed' | 'lost' | 'dropped'): void;
}
