import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, assert, describe, test } from 'vitest';
import { ms } from '../../src/core/index.js';
import { type SupervisedOptions, type SupervisedProgram, Supervisor, systemClock } from '../../src/kernel/index.js';
import { childrenOf, isAlive, processes } from '../support/processes.js';
import { background, until } from '../support/run.js';

const dir = mkdtempSync(join(tmpdir(), 'srs-supervisor-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const logs: string[] = [];
const log = pino({ level: 'debug' }, { write: (line: string) => void logs.push(line) });

/** A fake program of a few lines of JavaScript. */
function start(supervisor: Supervisor, script: string, more: Partial<SupervisedOptions> = {}): SupervisedProgram {
  return supervisor.run({
    fields: { name: script.slice(0, 20) },
    prepare: async () => ({ command: process.execPath, args: ['-e', script], secrets: [] }),
    busy: () => true,
    stallTimeout: ms(0),
    isComplaint: (line) => line.startsWith('[error]'),
    ...more,
  });
}

const pidOf = (program: SupervisedProgram): Promise<number> => until('it runs', () => program.state.pid);
const FOREVER = 'setInterval(() => {}, 1000);';

describe('a supervised program', () => {
  test('runs in a group of its own until it is ended, and is reaped', async () => {
    const supervisor = new Supervisor(systemClock, log);
    const program = start(supervisor, FOREVER);
    const pid = await pidOf(program);
    await until('setpriv has become the program', () =>
      processes().some((one) => one.pid === pid && one.group === pid && one.command.startsWith(process.execPath)),
    );
    assert.equal(supervisor.running, 1);
    await supervisor.end(program);
    assert.equal(supervisor.running, 0);
    assert.equal(program.state.phase, 'stopped');
    await supervisor.stop();
    assert.deepEqual(
      processes().filter((one) => one.pid === pid),
      [],
      'no zombie',
    );
  });

  test('that ignores SIGTERM is killed, with what it has started', async () => {
    const supervisor = new Supervisor(systemClock, log);
    const script = `const { spawn } = require('child_process');
      process.on('SIGTERM', () => {});
      const inner = spawn(process.execPath, ['-e', "process.on('SIGTERM', () => {}); ${FOREVER}"], { stdio: 'inherit' });
      console.log('inner ' + inner.pid); ${FOREVER}`;
    const file = join(dir, 'ignores.log');
    const program = start(supervisor, script, {
      prepare: async () => ({
        command: process.execPath,
        args: ['-e', script],
        secrets: [],
        log: { file, maxBytes: 10_000 },
      }),
    });
    const inner = await until(
      'the inner one runs',
      () => Number(/^inner (\d+)$/m.exec(readLog(file))?.[1]) || undefined,
    );
    assert.isTrue(isAlive(inner));
    const begun = performance.now();
    await supervisor.end(program);
    assert.isBelow(performance.now() - begun, 10_000);
    await until('the inner one is gone', () => !isAlive(inner));
    await supervisor.stop();
  });

  test('is started again, later each time; one failure is told once, in its own words', async () => {
    const supervisor = new Supervisor(systemClock, log);
    const script = `console.error('[info] at 0x' + process.pid.toString(16)); console.error('[error] no encoder TOKEN at 0x' + process.pid.toString(16)); process.exit(3)`;
    logs.length = 0;
    let asked = 0;
    let ended = 0;
    const program = start(supervisor, script, {
      prepare: async () => {
        asked++;
        return { command: process.execPath, args: ['-e', script], secrets: ['TOKEN'] };
      },
      ended: () => ended++,
    });
    await until('it was started three times', () => program.state.restarts === 2, 20_000);
    assert.equal(program.state.lastError, 'it ended with code 3');
    assert.match(program.state.errorLines.join(), /^\[error\] no encoder \*\*\* at 0x[0-9a-f]+$/);
    await supervisor.stop();
    assert.equal(asked, ended);
    const told = logs.map((line) => JSON.parse(line)).filter(({ msg }) => msg === 'program failed');
    assert.deepEqual(
      told.map(({ level }) => level),
      [40, ...told.slice(1).map(() => 20)],
    );
    assert.notInclude(logs.join(), 'TOKEN');
    const waits = told.map(({ again }) => Number(/in (\d+) ms/.exec(again)?.[1]));
    assert.isTrue(waits[0] !== undefined && waits[0] >= 750 && waits[0] <= 1250, `${waits}`);
    assert.isTrue(waits[1] !== undefined && waits[1] >= 1500 && waits[1] <= 2500, `${waits}`);
  });

  test('that is missing is told and looked for again', async () => {
    const supervisor = new Supervisor(systemClock, log);
    const command = join(dir, 'later');
    const program = start(supervisor, '', { prepare: async () => ({ command, args: [], secrets: [] }) });
    await until('it is missed', () => program.state.lastError === `cannot run ${command}: no such file`);
    assert.equal(program.state.phase, 'waiting');
    writeFileSync(command, `#!${process.execPath}\n${FOREVER}`, { mode: 0o755 });
    await pidOf(program);
    await supervisor.stop();
  });

  test('shows its progress; without any it is killed and started again', async () => {
    const supervisor = new Supervisor(systemClock, log);
    const script = `const say = (n) => require('fs').writeSync(3, 'frame=' + n + '\\nfps=25\\nout_time_us=' + n * 40000 + '\\nspeed=1x\\nprogress=continue\\n');
      let n = 0; const timer = setInterval(() => { say(++n); if (n === 10) clearInterval(timer); }, 50); process.on('SIGTERM', () => {}); ${FOREVER}`;
    let busy = false;
    const program = start(supervisor, script, { stallTimeout: ms(400), busy: () => busy });
    await until('it has done its work', () => program.state.progress?.frame === 10);
    assert.deepEqual({ ...program.state.progress }, { frame: 10, fps: 25, speed: 1, outTime: 400, bytes: 0 });
    assert.equal(program.state.phase, 'running');
    const { pid } = program.state;
    await new Promise((done) => setTimeout(done, 1000));
    assert.equal(program.state.pid, pid, 'without work it may be silent');
    busy = true;
    await until('it is killed', () => program.state.lastError === 'no progress for 400 ms');
    await until('it runs again', () => program.state.pid !== undefined && program.state.pid !== pid);
    await supervisor.stop();
  });

  test('can be started anew at once', async () => {
    const supervisor = new Supervisor(systemClock, log);
    const program = start(supervisor, FOREVER);
    const pid = await pidOf(program);
    program.restart('a test asks for it');
    await until('another runs', () => program.state.pid !== undefined && program.state.pid !== pid);
    assert.equal(program.state.lastError, undefined);
    await supervisor.stop();
  });

  test('its arguments stand in its log without secrets, whatever letters these have', async () => {
    const supervisor = new Supervisor(systemClock, log);
    const file = join(dir, 'params.log');
    const secret = 'a"b\\c';
    start(supervisor, FOREVER, {
      prepare: async () => ({
        command: process.execPath,
        args: ['-e', FOREVER, '--', `--password=${secret}`],
        secrets: [secret],
        log: { file, maxBytes: 10_000 },
      }),
    });
    await until('they are told', () => readLog(file).includes('params: '));
    assert.include(readLog(file), '"--password=***"');
    await supervisor.stop();
  });

  test('does not inherit the settings of the server', async () => {
    process.env.SRS_SECRET = 'x';
    const supervisor = new Supervisor(systemClock, log);
    const file = join(dir, 'env.log');
    const args = [
      '-e',
      `console.log('env ' + process.env.SRS_SECRET + ' ' + (process.env.PATH !== undefined)); ${FOREVER}`,
    ];
    supervisor.run({
      fields: {},
      prepare: async () => ({ command: process.execPath, args, secrets: [], log: { file, maxBytes: 10_000 } }),
      busy: () => true,
      stallTimeout: ms(0),
      isComplaint: () => false,
    });
    await until('it has told', () => readLog(file).includes('\nenv undefined true\n'));
    await supervisor.stop();
    delete process.env.SRS_SECRET;
  });
});

const readLog = (file: string): string => {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
};

describe('when the supervisor is killed by SIGKILL', () => {
  /** A child that stays, and a grandchild in the same group, as of a script around ffmpeg. Both ignore SIGTERM. */
  const wrapper = `process.on('SIGTERM', () => {}); process.on('SIGHUP', () => {});
    require('child_process').spawn(process.execPath, ['-e', "process.on('SIGTERM', () => {}); setInterval(() => {}, 1000)"], { stdio: 'inherit' }); ${FOREVER}`;

  async function supervise(mode: string, child: string) {
    const script = join(import.meta.dirname, '../support/supervise.ts');
    const supervisor = background(process.execPath, ['--import', 'tsx', script, mode, process.execPath, '-e', child]);
    const number = () => Number(/pid (\d+)\n/.exec(supervisor.log())?.[1]) || undefined;
    const pid = await until('the child runs', number, 20_000);
    await until('it is the program itself', () =>
      processes().some((one) => one.pid === pid && one.command.startsWith(process.execPath)),
    );
    return { supervisor, pid };
  }

  test('the kernel alone ends the child', async () => {
    const { supervisor, pid } = await supervise('with-setpriv', `process.on('SIGTERM', () => {}); ${FOREVER}`);
    const guard = await until(
      'the guard runs',
      () => childrenOf(supervisor.pid).find(({ command }) => command.endsWith('srs-guard'))?.pid,
    );
    process.kill(guard, 'SIGKILL');
    await until('the guard is gone', () => !isAlive(guard));
    supervisor.signal('SIGKILL');
    await until('the child is gone', () => !isAlive(pid), 5000);
  });

  test.each(['with-setpriv', 'without-setpriv'])('%s: nothing is left after 5 s', async (mode) => {
    const { supervisor, pid } = await supervise(mode, wrapper);
    const grandchild = await until('its child runs', () => childrenOf(pid)[0]?.pid);
    const family = () => [...childrenOf(supervisor.pid), ...childrenOf(pid)];
    const all = await until('child, grandchild and guard are there', () => family().length >= 3 && family());
    supervisor.signal('SIGKILL');
    await until('all are gone', () => all.every((one) => !isAlive(one.pid)), 5000);
    assert.isFalse(isAlive(grandchild));
  });
});
