/** Why a connection is closed right after it was accepted: the name of the directive that says so. */
export type Refusal = 'max_connections' | 'max_connections_per_address';

export interface AdmissionLimits {
  readonly maxConnections: number;
  /** 0: no such limit. */
  readonly maxConnectionsPerAddress: number;
}

/** Counts the connections of all listeners; one over a limit is closed at accept, before the handshake. */
export class Admission {
  #count = 0;
  /** Connections that were let in so far. */
  accepted = 0;
  readonly #perAddress = new Map<string, number>();

  constructor(private readonly limits: () => AdmissionLimits) {}

  get count(): number {
    return this.#count;
  }

  /** One more connection would be refused, whoever it is. */
  get isFull(): boolean {
    return this.#count >= this.limits().maxConnections;
  }

  /**
   * @param address undefined for a proxy, which has the connections of many.
   * @returns why the connection is refused, or undefined: then it must be given back once, with the same address.
   */
  enter(address: string | undefined): Refusal | undefined {
    if (this.isFull) return 'max_connections';
    if (address !== undefined && !this.share(address)) return 'max_connections_per_address';
    this.#count++;
    this.accepted++;
    return undefined;
  }

  leave(address: string | undefined): void {
    this.#count--;
    if (address !== undefined) this.unshare(address);
  }

  /** One more for this address, within a connection that is counted already. @returns false when it has too many. */
  share(address: string): boolean {
    const { maxConnectionsPerAddress } = this.limits();
    const same = this.#perAddress.get(address) ?? 0;
    if (maxConnectionsPerAddress > 0 && same >= maxConnectionsPerAddress) return false;
    this.#perAddress.set(address, same + 1);
    return true;
  }

  unshare(address: string): void {
    const same = this.#perAddress.get(address) ?? 0;
    if (same > 1) this.#perAddress.set(address, same - 1);
    else this.#perAddress.delete(address);
  }
}
