/** How the server was asked to end: `graceful` lets players finish first. */
export interface End {
  readonly signal: NodeJS.Signals;
  readonly graceful: boolean;
}

const FAST = ['SIGTERM', 'SIGINT'] as const;

/**
 * Resolves at the first SIGTERM, SIGINT or SIGQUIT. After a graceful one, SIGTERM or SIGINT aborts `hurry`; after a
 * fast one, another ends the process at once.
 */
export function endSignal(hurry: AbortController): Promise<End> {
  return new Promise((resolve) => {
    let stopping = false;
    for (const signal of FAST) {
      process.on(signal, () => {
        if (stopping) process.exit(1);
        stopping = true;
        hurry.abort();
        resolve({ signal, graceful: false });
      });
    }
    process.on('SIGQUIT', () => resolve({ signal: 'SIGQUIT', graceful: true }));
  });
}
