import type { Problems } from './problems.js';
import type { Found, Reading } from './read-scope.js';

/** Blocks of settings that do nothing, since nobody said `enabled on`. Who says `enabled off` knows it. */
export function checkSwitches({ found, switches, named }: Reading, problems: Problems): void {
  for (const { directive, path } of switches) {
    if (found.has(path) || switchesAround(path).some((outer) => isOff(found.get(outer)))) continue;
    problems.warn(directive.at, `${directive.name} has settings but is not enabled: add "enabled on;"`);
  }
  if (isOff(found.get('/enabled'))) return;
  for (const blocks of named.values()) for (const inner of blocks.values()) checkSwitches(inner, problems);
}

const isOff = (found: Found | undefined): boolean => found?.written?.value === false;

/** `/httpApi/auth/enabled` → `/httpApi/enabled`, `/enabled` */
const switchesAround = (path: string): string[] => {
  const blocks = path.split('/').slice(0, -1);
  return blocks.slice(1).map((_, i) => [...blocks.slice(0, -1 - i), 'enabled'].join('/'));
};
