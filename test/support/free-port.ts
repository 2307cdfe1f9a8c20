import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

const given = new Set<number>();
/** Test files that run side by side have odd ports or even ones: a port that one holds in mind is nothing to the other. */
const side = Number(process.env.VITEST_POOL_ID ?? 0) % 2;

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
    const port = randomInt(7_500, 16_000) * 2 + side;
    if (given.has(port)) continue;
    given.add(port);
    if (await isFree(port)) return port;
  }
}
