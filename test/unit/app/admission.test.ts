import { expect, test } from 'vitest';
import { Admission } from '../../../src/app/admission.js';

test('all connections together have a limit', () => {
  const admission = new Admission(() => ({ maxConnections: 2, maxConnectionsPerAddress: 0 }));
  expect([1, 2, 3].map((n) => admission.enter(`10.0.0.${n}`))).toEqual([undefined, undefined, 'max_connections']);
  admission.leave('10.0.0.1');
  expect(admission.enter('10.0.0.3')).toBeUndefined();
  expect(admission.count).toBe(2);
});

test('an address has a limit of its own, others are not touched by it', () => {
  const admission = new Admission(() => ({ maxConnections: 10, maxConnectionsPerAddress: 2 }));
  expect([1, 2, 3].map(() => admission.enter('10.0.0.1'))).toEqual([
    undefined,
    undefined,
    'max_connections_per_address',
  ]);
  expect(admission.enter('10.0.0.2')).toBeUndefined();
  admission.leave('10.0.0.1');
  expect(admission.enter('10.0.0.1')).toBeUndefined();
});

test('a limit that is lowered counts for the next connection', () => {
  let maxConnectionsPerAddress = 0;
  const admission = new Admission(() => ({ maxConnections: 10, maxConnectionsPerAddress }));
  for (let i = 0; i < 5; i++) expect(admission.enter('::1')).toBeUndefined();
  maxConnectionsPerAddress = 5;
  expect(admission.enter('::1')).toBe('max_connections_per_address');
});
