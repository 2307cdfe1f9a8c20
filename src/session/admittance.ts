import type { ClientFacts, Decision, Gate, StreamFacts } from '../stream/index.js';

/** What follows the answer of the gate. Not called when the connection ended meanwhile. */
export interface Outcome {
  granted(decision: Decision): void;
  refused(error: unknown): void;
}

type Use = 'publish' | 'play';

/**
 * One connection at the gate: one question at a time, and each end told exactly once, in the right order. An answer
 * that comes after the client left is heard as well: who was let through is reported as gone at once.
 */
export class Admittance {
  #asking = false;
  #over = false;
  /** By vhost: a stream's `?vhost=` may lead into another one, whose rules for connections hold too. */
  readonly #admitted = new Map<string, ClientFacts>();
  #using: { readonly use: Use; readonly facts: StreamFacts } | undefined;

  constructor(
    private readonly gate: Gate,
    private readonly bytes: () => { readonly sent: number; readonly received: number },
  ) {}

  /** A question is open: what the client sends has to wait. */
  get isAsking(): boolean {
    return this.#asking;
  }

  connect(client: ClientFacts, outcome: Outcome): void {
    this.#ask(this.#enter(client), outcome);
  }

  use(use: Use, client: StreamFacts, outcome: Outcome): void {
    const question = async (): Promise<Decision> => {
      await this.#enter(client);
      const decision = await this.gate[use](client);
      this.#using = { use, facts: client };
      return decision;
    };
    this.#ask(question(), outcome);
  }

  async #enter(client: ClientFacts): Promise<Decision> {
    if (this.#admitted.has(client.vhost)) return {};
    await this.gate.connect(client);
    this.#admitted.set(client.vhost, client);
    return {};
  }

  #ask(question: Promise<Decision>, outcome: Outcome): void {
    this.#asking = true;
    question.then(
      (decision) => this.#answered(() => outcome.granted(decision)),
      (error: unknown) => this.#answered(() => outcome.refused(error)),
    );
  }

  #answered(tell: () => void): void {
    this.#asking = false;
    if (this.#over) this.#leave();
    else tell();
  }

  /** The publish or play has ended; nothing happens if there is none. @param replacedBy who took a publish over. */
  stopped(replacedBy?: string): void {
    const using = this.#using;
    this.#using = undefined;
    if (using?.use === 'publish') this.gate.unpublished(using.facts, replacedBy);
    else if (using?.use === 'play') this.gate.stopped(using.facts);
  }

  /** The connection is over: no outcome is told any more. */
  close(): void {
    if (this.#over) return;
    this.#over = true;
    if (!this.#asking) this.#leave();
  }

  #leave(): void {
    this.stopped();
    for (const client of this.#admitted.values()) this.gate.closed(client, this.bytes());
    this.#admitted.clear();
  }
}
