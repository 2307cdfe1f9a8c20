import { SystemError } from '../kernel/index.js';

/**
 * Tries all of them, so that the operator hears of every port that is busy and not of one at a time.
 * @throws {SystemError} with one line for each that cannot be opened, and the code of the first.
 */
export async function openEach<T>(items: Iterable<T>, open: (item: T) => Promise<void>): Promise<void> {
  const failures: SystemError[] = [];
  for (const item of items) {
    try {
      await open(item);
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
      failures.push(error);
    }
  }
  const [first] = failures;
  if (first === undefined) return;
  throw new SystemError(first.code, failures.map(({ message }) => message).join('\n'), {}, { cause: first });
}
