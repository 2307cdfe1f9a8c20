import { type ChildProcess, spawn } from 'node:child_process';
import { Socket } from 'node:net';

/**
 * Remembers process groups and kills them when its input ends, which is when this process is gone. It catches what the
 * kernel's death signal does not: children of the children. It starts nothing itself.
 */
const SCRIPT = `
trap '' HUP INT TERM PIPE
groups=' '
while read -r sign group; do
  case $sign in
    +) groups="$groups$group " ;;
    -) case $groups in *" $group "*) groups="\${groups%%" $group "*} \${groups#*" $group "}" ;; esac ;;
  esac
done
for group in $groups; do kill -9 "-$group"; done 2>/dev/null
`;

/** A small shell beside this process, which ends the process groups that this process leaves behind. */
export class GroupGuard {
  #shell: ChildProcess | undefined;
  readonly #groups = new Set<number>();

  add(group: number): void {
    this.#groups.add(group);
    if (this.#shell === undefined) this.#start();
    else this.#tell(`+ ${group}`);
  }

  remove(group: number): void {
    if (this.#groups.delete(group)) this.#tell(`- ${group}`);
  }

  /** Resolves when the shell is gone. */
  async close(): Promise<void> {
    const shell = this.#shell;
    this.#shell = undefined;
    this.#groups.clear();
    if (shell === undefined || shell.exitCode !== null || shell.signalCode !== null) return;
    const gone = new Promise<void>((resolve) => {
      shell.once('exit', () => resolve());
      shell.once('error', () => resolve());
    });
    shell.stdin?.end();
    await gone;
  }

  #start(): void {
    const shell = spawn('/bin/sh', ['-c', SCRIPT, 'srs-guard'], {
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true, // a signal to the group of this process must not end it first
      cwd: '/',
      env: {},
    });
    this.#shell = shell;
    const lost = (): void => {
      // Somebody killed it: the next program brings a new one, which hears of all groups.
      if (this.#shell === shell) this.#shell = undefined;
    };
    shell.once('error', lost);
    shell.once('exit', lost);
    shell.stdin?.on('error', lost);
    shell.unref();
    if (shell.stdin instanceof Socket) shell.stdin.unref();
    for (const group of this.#groups) this.#tell(`+ ${group}`);
  }

  #tell(line: string): void {
    this.#shell?.stdin?.write(`${line}\n`);
  }
}
