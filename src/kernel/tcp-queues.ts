import { type FileHandle, open } from 'node:fs/promises';

const SLAB = 128 * 1024;

/**
 * Bytes that the kernel still holds for each of the given sockets: the send queues of /proc/net/tcp and tcp6.
 * Read in pieces, in the thread pool, because the table of 16 000 sockets takes the kernel 50–100 ms to print.
 * @param keys sockets as `tcpKey` names them. @returns key → unsent or unacknowledged bytes; absent: socket is gone.
 */
export async function sendQueues(keys: ReadonlySet<string>): Promise<Map<string, number>> {
  const found = new Map<string, number>();
  for (const file of ['/proc/net/tcp', '/proc/net/tcp6']) await scan(file, keys, found).catch(() => undefined);
  return found;
}

async function scan(file: string, keys: ReadonlySet<string>, found: Map<string, number>): Promise<void> {
  const handle: FileHandle = await open(file, 'r');
  try {
    const slab = Buffer.allocUnsafeSlow(SLAB);
    let rest = '';
    for (;;) {
      const { bytesRead } = await handle.read(slab, 0, SLAB, null);
      if (bytesRead === 0) return;
      const lines = (rest + slab.toString('latin1', 0, bytesRead)).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) readLine(line, keys, found);
    }
  } finally {
    await handle.close();
  }
}

/** `  sl  local_address rem_address   st tx_queue:rx_queue …`, addresses in hex. */
function readLine(line: string, keys: ReadonlySet<string>, found: Map<string, number>): void {
  const start = line.indexOf(': ') + 2;
  const remote = line.indexOf(' ', start) + 1;
  const state = line.indexOf(' ', remote);
  const key = line.slice(start, state);
  if (!keys.has(key)) return;
  found.set(key, Number.parseInt(line.slice(state + 4, state + 12), 16));
}

/** The socket's name in /proc/net/tcp: `LOCAL:PORT REMOTE:PORT` in the kernel's byte order (little-endian words). */
export function tcpKey(local: string, localPort: number, remote: string, remotePort: number): string | undefined {
  const a = hexAddress(local);
  const b = hexAddress(remote);
  return a === undefined || b === undefined ? undefined : `${a}:${hexPort(localPort)} ${b}:${hexPort(remotePort)}`;
}

const hexPort = (port: number): string => port.toString(16).toUpperCase().padStart(4, '0');

function hexAddress(address: string): string | undefined {
  const bytes = address.includes(':') ? ipv6Bytes(address) : ipv4Bytes(address);
  if (bytes === undefined) return undefined;
  let text = '';
  for (let word = 0; word < bytes.length; word += 4)
    for (let i = 3; i >= 0; i--) text += (bytes[word + i] ?? 0).toString(16).toUpperCase().padStart(2, '0');
  return text;
}

function ipv4Bytes(address: string): number[] | undefined {
  const bytes = address.split('.').map(Number);
  return bytes.length === 4 && bytes.every((b) => b >= 0 && b <= 255) ? bytes : undefined;
}

function ipv6Bytes(address: string): number[] | undefined {
  const plain = address.split('%')[0] ?? '';
  const embedded = plain.includes('.') ? ipv4Bytes(plain.slice(plain.lastIndexOf(':') + 1)) : [];
  if (embedded === undefined) return undefined;
  const groups = embedded.length > 0 ? plain.slice(0, plain.lastIndexOf(':') + 1).replace(/([^:]):$/, '$1') : plain;
  const [left = '', right] = groups.split('::');
  const words = (part: string): number[] =>
    part === ''
      ? []
      : part.split(':').flatMap((g) => {
          const word = Number.parseInt(g, 16);
          return [word >> 8, word & 255];
        });
  const head = words(left);
  const end = [...(right === undefined ? [] : words(right)), ...embedded];
  const zeros = 16 - head.length - end.length;
  return zeros < 0 ? undefined : [...head, ...new Array<number>(zeros).fill(0), ...end];
}
