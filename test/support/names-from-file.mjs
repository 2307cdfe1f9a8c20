// Loaded into a server under test by NODE_OPTIONS=--import: names ending in `.test` are looked up in a file of lines
// `NAME ADDRESS`, as often as they are asked for. There is no other way to move a name without being root.
import dns from 'node:dns';
import { readFileSync } from 'node:fs';

const { lookup } = dns;
dns.lookup = (name, options, callback) => {
  if (!name.endsWith('.test')) return lookup(name, options, callback);
  const line = readFileSync(process.env.NAMES_FILE, 'utf8')
    .split('\n')
    .find((text) => text.startsWith(`${name} `));
  const address = line?.split(' ')[1];
  if (address === undefined)
    return process.nextTick(callback, Object.assign(new Error(`ENOTFOUND ${name}`), { code: 'ENOTFOUND' }));
  const answer = options.all ? [[{ address, family: 4 }]] : [address, 4];
  process.nextTick(callback, null, ...answer);
};
