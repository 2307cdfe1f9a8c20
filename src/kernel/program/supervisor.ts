import type { Clock } from '../clock.js';
import type { Log } from '../log.js';
import type { Service } from '../service.js';
import { deathSignalPrefix } from './death-signal.js';
import { GroupGuard } from './group-guard.js';
import { type SupervisedOptions, SupervisedProgram, type SupervisorPort } from './supervised-program.js';

/**
 * All programs that this process runs. None outlives it: a clean stop ends them, and if this process is killed they
 * are by the kernel (setpriv) and by the guard, which also ends what they have started.
 */
export class Supervisor implements Service {
  readonly #programs = new Set<SupervisedProgram>();
  readonly #running = new Set<number>();
  readonly #guard = new GroupGuard();
  #prefix: Promise<readonly string[]> | undefined;
  readonly #port: SupervisorPort;

  constructor(
    clock: Clock,
    private readonly log: Log,
    private readonly findPrefix: () => Promise<readonly string[] | undefined> = deathSignalPrefix,
  ) {
    this.#port = {
      clock,
      log,
      prefix: () => (this.#prefix ??= this.#choosePrefix()),
      started: (group) => {
        this.#running.add(group);
        this.#guard.add(group);
      },
      gone: (group) => {
        this.#running.delete(group);
        this.#guard.remove(group);
      },
    };
  }

  /** How many processes run now. */
  get running(): number {
    return this.#running.size;
  }

  /** Starts a program and keeps it running. */
  run(options: SupervisedOptions): SupervisedProgram {
    const program = new SupervisedProgram(options, this.#port);
    this.#programs.add(program);
    return program;
  }

  /** Ends a program; resolves when its process is gone. */
  async end(program: SupervisedProgram): Promise<void> {
    await program.stop();
    this.#programs.delete(program);
  }

  async start(): Promise<void> {
    // Programs come later.
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#programs].map((program) => this.end(program)));
    await this.#guard.close();
  }

  async #choosePrefix(): Promise<readonly string[]> {
    const prefix = await this.findPrefix();
    if (prefix === undefined)
      this.log.warn(
        'no setpriv of util-linux here: if this process is killed, only its guard ends the programs it runs',
      );
    return prefix ?? [];
  }
}
