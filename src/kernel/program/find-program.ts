import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { SystemError } from '../errors.js';

/**
 * A program's file: a path as it is, a bare name from the directories of PATH.
 * @throws {SystemError} PROGRAM when there is none that may be run.
 */
export function findProgram(command: string, path = process.env.PATH ?? ''): string {
  const candidates = command.includes('/')
    ? [command]
    : path.split(delimiter).map((directory) => join(directory, command));
  const faults = candidates.map(faultOf);
  const found = candidates[faults.indexOf(undefined)];
  if (found !== undefined) return found;
  const why = faults.find((fault) => fault !== 'no such file') ?? 'no such file';
  throw new SystemError('PROGRAM', `cannot run ${command}: ${why}${command.includes('/') ? '' : ' in PATH'}`);
}

function faultOf(file: string): string | undefined {
  const stat = statSync(file, { throwIfNoEntry: false });
  if (stat === undefined) return 'no such file';
  if (!stat.isFile()) return 'it is not a file';
  try {
    accessSync(file, constants.X_OK);
    return undefined;
  } catch {
    return 'it may not be executed';
  }
}
