import { AddressSet } from '../../kernel/index.js';

/** Not of the public internet: RFC 6890, with multicast and the translations of IPv4 addresses. */
const PRIVATE = new AddressSet([
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '224.0.0.0/3',
  '::/127',
  '64:ff9b::/96',
  '2002::/16',
  'fc00::/7',
  'fe80::/10',
  'ff00::/8',
]);

/** Whether an address is of the public internet. */
export const isPublic = (address: string): boolean => !PRIVATE.has(address.replace(/%.*$/, ''));
