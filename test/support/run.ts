import { type ChildProcess, spawn } from 'node:child_process';
import { afterAll, afterEach, TestRunner } from 'vitest';

export interface RunOptions {
  cwd?: string;
  env?: NodeJS.ProcessEnv;
}

export interface Finished {
  /** The exit code; null when a signal ended it. */
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

/** A program that runs beside the test, in a process group of its own. Ended after the test that started it, if not before. */
export interface Background {
  readonly pid: number;
  readonly child: ChildProcess;
  /** Everything it wrote so far, stdout and stderr in the order they came. */
  log(): string;
  /** Resolves when the program itself has ended; its children may still hold the pipes. */
  readonly ended: Promise<Finished>;
  /** Sends a signal to the program alone. */
  signal(name: NodeJS.Signals): void;
  /** SIGTERM to its whole group, SIGKILL after `graceMs`; resolves when it is gone. */
  stop(graceMs?: number): Promise<Finished>;
}

/**
 * Programs and the test that started each; started outside of a test, they live until their file is done. One that
 * has ended stays listed, for the children it may have left behind.
 */
const running = new Map<Background, string | undefined>();

/** @param stdin what the program reads; by default nothing at all. */
export function background(
  command: string,
  args: readonly string[],
  options: RunOptions & { stdin?: 'pipe' } = {},
): Background {
  const { stdin = 'ignore', ...rest } = options;
  const child = spawn(command, args, { ...rest, stdio: [stdin, 'pipe', 'pipe'], detached: true });
  const out: Record<'stdout' | 'stderr' | 'both', string> = { stdout: '', stderr: '', both: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (text: string) => {
      out[name] += text;
      out.both += text;
    });
  }

  const ended = new Promise<Finished>((resolve, reject) => {
    child.once('error', reject); // it could not be started
    child.once('exit', (code, signal) => {
      // The last output may still be on its way. A grandchild that lives on keeps the pipes open: do not wait for that.
      const settle = () => {
        clearTimeout(patience);
        resolve({ code, signal, stdout: out.stdout, stderr: out.stderr });
      };
      const patience = setTimeout(() => setImmediate(settle), 500); // what has come by then is read first
      child.once('close', settle);
    });
  });
  ended.catch(() => running.delete(self)); // whoever awaits it hears of it

  const self: Background = {
    pid: child.pid ?? -1,
    child,
    ended,
    log: () => out.both,
    signal: (name) => void child.kill(name),
    async stop(graceMs = 5_000) {
      killGroup(self.pid, 'SIGTERM');
      const force = setTimeout(() => killGroup(self.pid, 'SIGKILL'), graceMs);
      const end = await ended.finally(() => clearTimeout(force));
      killGroup(self.pid, 'SIGKILL'); // what the program has left behind
      running.delete(self);
      return end;
    },
  };
  running.set(self, TestRunner.getCurrentTest()?.id);
  return self;
}

/** Runs a program to its end. @throws when it is not done after `timeoutMs`; it is killed then. */
export async function run(
  command: string,
  args: readonly string[],
  options: RunOptions & { timeoutMs?: number } = {},
): Promise<Finished> {
  const { timeoutMs = 30_000, ...rest } = options;
  const program = background(command, args, rest);
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    killGroup(program.pid, 'SIGKILL');
  }, timeoutMs);
  const end = await program.ended.finally(() => clearTimeout(timer));
  if (late) throw new Error(`${command} was not done after ${timeoutMs} ms; it wrote:\n${program.log()}`);
  return end;
}

/** Polls until `probe` gives something else than undefined or false. @throws Error naming `what` after `timeoutMs`. */
export async function until<T>(
  what: string,
  probe: () => T | undefined | false | Promise<T | undefined | false>,
  timeoutMs = 10_000,
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    // Looked at before the probe: whoever was held up for long has a last look.
    const isLate = performance.now() > deadline;
    const found = await probe();
    if (found !== undefined && found !== false) return found;
    if (isLate) throw new Error(`not within ${timeoutMs} ms: ${what}`);
    await new Promise((next) => setTimeout(next, 20));
  }
}

function killGroup(pid: number, signal: NodeJS.Signals): void {
  if (pid <= 0) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // the group is gone already
  }
}

const stopAll = async (whose: (test: string | undefined) => boolean): Promise<void> => {
  const mine = [...running].filter(([, test]) => whose(test)).map(([program]) => program);
  await Promise.allSettled(mine.map((program) => program.stop(2_000)));
};

afterEach(({ task }) => stopAll((test) => test === task.id));
afterAll(() => stopAll(() => true));
process.once('exit', () => {
  for (const program of running.keys()) killGroup(program.pid, 'SIGKILL');
});
