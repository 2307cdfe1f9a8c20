/** Begins to play. @param onProblem may be called at any time and again. */
export type Start<Engine> = (onProblem: (what: string) => void) => Engine;

/**
 * Keeps a stream playing: at its first problem an engine is closed, and later another one is opened. A broken one goes on
 * downloading, and mpegts.js reports every append that fails: what comes after the first problem changes nothing.
 */
export class EngineKeeper<Engine extends { stop(): void }> {
  #engine: Engine | undefined;
  #retry: ReturnType<typeof setTimeout> | undefined;
  /** The attempt in force; what belongs to an earlier one is over. */
  #attempt = 0;

  /** @param load brings the code of an engine. @param retryAfter ms. */
  constructor(
    private readonly load: () => Promise<Start<Engine>>,
    private readonly onProblem: (what: string) => void,
    private readonly retryAfter: number,
  ) {}

  /** The engine that plays, if any does. */
  get engine(): Engine | undefined {
    return this.#engine;
  }

  async open(): Promise<void> {
    const attempt = ++this.#attempt;
    const broke = (problem: string) => {
      if (attempt === this.#attempt) this.broke(problem);
    };
    try {
      const start = await this.load();
      if (attempt !== this.#attempt) return;
      const engine = start(broke);
      if (attempt === this.#attempt) this.#engine = engine;
      else engine.stop();
    } catch (error) {
      broke(error instanceof Error ? error.message : String(error));
    }
  }

  /** The engine is of no use any more. Nothing happens while another one is due already. */
  broke(problem: string): void {
    if (this.#retry !== undefined) return;
    this.#close();
    this.#retry = setTimeout(() => {
      this.#retry = undefined;
      void this.open();
    }, this.retryAfter);
    this.onProblem(problem);
  }

  stop(): void {
    clearTimeout(this.#retry);
    this.#close();
  }

  #close(): void {
    this.#attempt++;
    this.#engine?.stop();
    this.#engine = undefined;
  }
}
