import { expect, test } from 'vitest';
import { clientShape } from '../../../src/http/api/shapes.js';
import { identify } from '../../../src/stream/index.js';

test.each([
  ['rtmp://host:1935/live?token=1', 'rtmp://host:1935/live'],
  ['rtmp://user:word@host/live', 'rtmp://host/live'],
  ['rtmp://host/live@home', 'rtmp://host/live@home'],
  ['https://host/page#access_token=1', 'https://host/page'],
])('the API shows %s as %s', (url, shown) => {
  const facts = {
    id: 'c',
    ip: '192.0.2.1',
    peer: '192.0.2.1:9',
    protocol: 'rtmp',
    vhost: 'v',
    app: 'live',
    param: '',
    tcUrl: url,
    pageUrl: url,
    swfUrl: url,
  } as const;
  const client = {
    facts,
    type: 'Play',
    streamKey: 'v/live/a',
    viewer: undefined,
    since: 0,
    bytesIn: 0,
    bytesOut: 0,
  } as const;
  const { tcUrl, pageUrl, swfUrl } = clientShape(identify('s'), { ...client, kick: () => undefined }, 1);
  expect([tcUrl, pageUrl, swfUrl]).toEqual([shown, shown, shown]);
});
