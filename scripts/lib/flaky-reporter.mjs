// @ts-check

/** So many tests may need their second try before the run fails: more are no accident. */
const ALLOWED = 2;

/** @param {string} stack */
const ownLines = (stack) =>
  stack
    .split('\n')
    .filter((line) => !line.includes('node_modules'))
    .join('\n');

/**
 * A reporter of vitest: names every test that failed and passed when it was run again, with what it failed of, so that
 * a race is seen and mended though it stops nobody.
 */
export default class FlakyReporter {
  /** @param {ReadonlyArray<import('vitest/node').TestModule>} modules */
  onTestRunEnd(modules) {
    const flaky = modules
      .flatMap((module) => [...module.children.allTests()])
      .filter((test) => test.diagnostic()?.flaky === true);
    for (const test of flaky) {
      console.log(`flaky: ${test.module.relativeModuleId} > ${test.fullName}: passed when it was run again`);
      for (const error of test.result().errors ?? []) console.log(ownLines(error.stack ?? error.message));
    }
    if (flaky.length <= ALLOWED) return;
    console.log(`${flaky.length} flaky tests, ${ALLOWED} are allowed`);
    process.exitCode = 1;
  }
}
