import { RefusedError } from '../../kernel/index.js';
import type { ClientFacts, Decision, Gate, ProgramKind, StreamFacts } from '../gate.js';
import { type Passes, withoutPass } from './passes.js';

/**
 * The gate for programs that this server runs itself. Whoever shows a pass needs no permission to play, and nobody
 * hears of it. Who publishes is asked for at the gate that its kind of program has.
 */
export class PassGate implements Gate {
  /** How many vhosts each client has connected to: a stream's `?vhost=` may lead into another one. */
  readonly #inside = new Map<string, number>();

  constructor(
    private readonly passes: Passes,
    private readonly gates: Readonly<Record<ProgramKind, Gate>>,
  ) {}

  async connect(client: ClientFacts): Promise<void> {
    const pass = this.passes.show(client);
    if (pass === undefined) throw refusal();
    const inside = this.#inside.get(client.id) ?? 0;
    try {
      if (pass.use === 'publish') await this.gates[pass.kind].connect(clean(client, pass.kind));
    } catch (error) {
      if (inside === 0) this.passes.left(client.id);
      throw error;
    }
    this.#inside.set(client.id, inside + 1);
  }

  async publish(client: StreamFacts): Promise<Decision> {
    const kind = this.#check('publish', client);
    return this.gates[kind].publish(clean(client, kind));
  }

  async play(client: StreamFacts): Promise<Decision> {
    this.#check('play', client);
    return {};
  }

  unpublished(client: StreamFacts, replacedBy?: string): void {
    const kind = this.passes.publisherKind(client.id);
    if (kind !== undefined) this.gates[kind].unpublished(clean(client, kind), replacedBy);
  }

  stopped(): void {
    // Nobody heard of the start.
  }

  closed(client: ClientFacts, bytes: { readonly sent: number; readonly received: number }): void {
    const kind = this.passes.publisherKind(client.id);
    if (kind !== undefined) this.gates[kind].closed(clean(client, kind), bytes);
    const left = (this.#inside.get(client.id) ?? 1) - 1;
    if (left > 0) return void this.#inside.set(client.id, left);
    this.#inside.delete(client.id);
    this.passes.left(client.id);
  }

  #check(use: 'publish' | 'play', client: StreamFacts): ProgramKind {
    const pass = this.passes.show(client);
    const key = `${client.vhost}/${client.app}/${client.stream}`;
    if (pass?.use !== use || pass.streamKey !== key) throw refusal();
    return pass.kind;
  }
}

const refusal = (): RefusedError => new RefusedError('PASS_NEEDED', 'only programs of this server may come in here');

/** As others see it: what it is instead of its pass. */
const clean = <T extends ClientFacts>(client: T, program: ProgramKind): T => ({
  ...client,
  program,
  param: withoutPass(client.param),
  tcUrl: withoutPass(client.tcUrl),
});
