import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { WORKERS } from './workers.js';

const given = new Set<number>();
/** Test files that run side by side share no port: one that a test holds in mind is nothing to the others. */
const side = Number(process.env.VITEST_POOL_ID ?? 0) % WORKERS;

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '0.0.0.0', exclusive: true }, () => server.close(() => resolve(true)));
  });

/**
 * A TCP port that nobody listens on. It lies below the range that the kernel takes for outgoing connections, so none
 * of those can grab it between now and its use; chosen by chance, so other runs on this machine rarely meet it.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(Math.ceil(15_000 / WORKERS), Math.floor(32_000 / WORKERS)) * WORKERS + side;
    if (given.has(port)) continue;
    given.add(port);
    if (await isFree(port)) return port;
  }
}
