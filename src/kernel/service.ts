/** Something with a life of its own: a listener, a sampler, a child process. */
export interface Service {
  /** Resolves once serving. On rejection or abort nothing stays open. */
  start(signal: AbortSignal): Promise<void>;
  /** Safe to call twice; resolves when its last socket, timer and child process is gone. */
  stop(): Promise<void>;
}
