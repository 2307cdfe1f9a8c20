import { expect, test } from 'vitest';
import { hasSeveralHosts } from '../../../src/http/host-fields.js';

test.each([
  ['one', ['Host', 'a', 'Accept', '*/*'], false],
  ['none, as HTTP/1.0 allows', ['Accept', '*/*'], false],
  ['two', ['Host', 'a', 'Accept', '*/*', 'Host', 'b'], true],
  ['two that are the same, in any case', ['host', 'a', 'HOST', 'a'], true],
  ['values that look like it, and names as long', ['Host', 'Host', 'Date', 'host', 'X-Host', 'b'], false],
])('RFC 9112 §3.2, Host headers: %s', (_, rawHeaders, several) => {
  expect(hasSeveralHosts({ rawHeaders })).toBe(several);
});
