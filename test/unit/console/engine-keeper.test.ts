import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { EngineKeeper, type Start } from '../../../src/console/engine-keeper.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

interface Numbered {
  readonly number: number;
  stop(): void;
}

/** Engines by number, as they are opened and stopped. */
function harness(load: (start: Start<Numbered>) => Promise<Start<Numbered>> = async (start) => start) {
  const engines: { broke: (what: string) => void; isStopped: boolean }[] = [];
  const problems: string[] = [];
  const start: Start<Numbered> = (broke) => {
    const engine = { broke, isStopped: false };
    engines.push(engine);
    return {
      number: engines.indexOf(engine),
      stop: () => {
        engine.isStopped = true;
      },
    };
  };
  const keeper = new EngineKeeper(
    () => load(start),
    (what) => problems.push(what),
    2000,
  );
  const playing = () => engines.flatMap(({ isStopped }, number) => (isStopped ? [] : [number]));
  return { keeper, engines, problems, playing };
}

test('problems without end delay nothing: the engine is closed at the first, another one comes 2 s later', async () => {
  const { keeper, engines, problems, playing } = harness();
  await keeper.open();
  engines[0]?.broke('first');
  expect(playing()).toEqual([]);
  expect(keeper.engine).toBeUndefined();
  for (let at = 0; at < 1900; at += 100) {
    engines[0]?.broke('again');
    keeper.broke('stands still');
    await vi.advanceTimersByTimeAsync(100);
  }
  expect(engines).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(100);
  expect(playing()).toEqual([1]);
  expect(keeper.engine?.number).toBe(1);
  expect(problems).toEqual(['first']);
});

test('an engine that was closed can close no other one; the new one can fail, too', async () => {
  const { keeper, engines, problems, playing } = harness();
  await keeper.open();
  engines[0]?.broke('first');
  await vi.advanceTimersByTimeAsync(2000);
  engines[0]?.broke('late');
  expect(playing()).toEqual([1]);
  engines[1]?.broke('second');
  await vi.advanceTimersByTimeAsync(2000);
  expect(playing()).toEqual([2]);
  expect(problems).toEqual(['first', 'second']);
});

test('code that cannot be loaded is tried again', async () => {
  let isThere = false;
  const { keeper, problems, playing } = harness(async (start) => {
    if (!isThere) throw new Error('not there');
    return start;
  });
  await keeper.open();
  expect(problems).toEqual(['not there']);
  isThere = true;
  await vi.advanceTimersByTimeAsync(2000);
  expect(playing()).toEqual([0]);
});

test('an engine that fails while it starts is stopped', async () => {
  let isFine = false;
  const { keeper, engines, playing } = harness(async (start) => (broke) => {
    const engine = start(broke);
    if (!isFine) broke('at once');
    return engine;
  });
  await keeper.open();
  expect(playing()).toEqual([]);
  isFine = true;
  await vi.advanceTimersByTimeAsync(2000);
  expect(engines).toHaveLength(2);
  expect(playing()).toEqual([1]);
});

test('nothing is opened once it was stopped: neither what loads nor what is due', async () => {
  const slow = harness((start) => new Promise((resolve) => void setTimeout(resolve, 500, start)));
  void slow.keeper.open();
  slow.keeper.stop();
  const due = harness();
  await due.keeper.open();
  due.engines[0]?.broke('first');
  due.keeper.stop();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(slow.engines).toHaveLength(0);
  expect(due.engines).toHaveLength(1);
  expect(vi.getTimerCount()).toBe(0);
});
