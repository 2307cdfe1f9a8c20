import { describe, expect, test } from 'vitest';
import { parseConfig, printSummary, summarize } from '../../../src/config/index.js';
import { edgeOf, nameOf, upstreamsOf } from '../../../src/intake/edge/origins.js';
import { parseRtmpUrl } from '../../../src/protocol/rtmp/index.js';

const load = (text: string) => parseConfig(`listen 1935;\n${text}\n`, 'a.conf');
const edge = (more = '', name = '__defaultVhost__') => {
  const { config } = load(`vhost ${name} { mode remote; origin 10.0.0.1 b.example.com:19350; ${more} }`);
  const vhost = edgeOf(config, name);
  if (vhost === undefined) throw new Error('no edge');
  return vhost;
};
const name = { vhost: '__defaultVhost__', app: 'live/room', stream: 'a' };

describe('where a stream of an edge is: spec/rtmp.md §9', () => {
  test('the origins in their order, under the same names', () => {
    expect(upstreamsOf(edge(), name)).toMatchObject([
      { url: 'rtmp://10.0.0.1/live/room/a', tcUrl: undefined },
      { url: 'rtmp://b.example.com:19350/live/room/a', tcUrl: undefined },
    ]);
  });

  test.each([
    ['', 'v.example.com', 'rtmp://v.example.com/live/room'],
    ['cluster { vhost up.example.com; }', '__defaultVhost__', 'rtmp://up.example.com/live/room'],
    ['vhost up-[vhost];', 'v.example.com', 'rtmp://up-v.example.com/live/room'],
  ])('%s in vhost %s: tcUrl %s', (more, vhost, tcUrl) => {
    expect(upstreamsOf(edge(more, vhost), { ...name, vhost })[0]?.tcUrl).toBe(tcUrl);
  });

  test.each([
    ['?token=1', '?token=1'],
    ['?vhost=v&token=1', '?token=1'],
    ['?token=1&vhost=v', '?token=1'],
    ['?a=1&vhost=v&b=2', '?a=1&b=2'],
    ['?vhost=v', ''],
    ['?vhost=v&vhost=w&token=1', '?token=1'],
    ['?vhost=v&vhost=w/other', ''],
    ['?token=1,vhost,v', '?token=1'],
    ['?token=1...vhost...v&&b=2', '?token=1&&b=2'],
    ['?token=vhost&v', '?token'],
    ['?VHOST=v&token=a==,b&&c', '?token=a==,b&&c'],
    ['?myvhost=v&vhosts=w', '?myvhost=v&vhosts=w'],
    ['', ''],
  ])('the query %s of a publisher goes there as "%s", and is not shown', (param, sent) => {
    const [first] = upstreamsOf(edge(), name, param);
    expect(first?.url).toBe(`rtmp://10.0.0.1/live/room/a${sent}`);
    expect(first?.shown).toBe('rtmp://10.0.0.1/live/room/a');
    const { app, stream, vhost } = parseRtmpUrl(first?.url ?? '');
    expect({ app, stream, vhost }).toEqual({ app: 'live/room', stream: 'a', vhost: '10.0.0.1' });
  });

  test('only a vhost of mode remote is an edge, under its own name', () => {
    const { config } = load('vhost __defaultVhost__ { mode remote; origin o; } vhost own { }');
    expect(edgeOf(config, 'own')).toBeUndefined();
    expect(edgeOf(config, 'unknown.example.com')).toBeUndefined();
    expect(edgeOf(config, '__defaultVhost__')?.cluster.origin).toEqual(['o']);
  });

  test('the key of a stream has its names in it', () => {
    expect(nameOf('v.example.com/live/room/a')).toEqual({ vhost: 'v.example.com', app: 'live/room', stream: 'a' });
  });
});

test('srs -t says which vhosts are edges', () => {
  const loaded = load('vhost a { mode remote; origin o; hls { enabled on; } } vhost b { }');
  expect(printSummary(summarize(loaded))).toMatch(/vhost a: edge, hls\nvhost b$/);
});

describe('what an operator may write', () => {
  test.each([
    ['mode remote;', /:3:1: an edge \(mode remote\) needs origin/],
    ['mode edge; origin o;', /:3:6: mode is one of local, remote, not "edge"/],
    ['mode remote; origin rtmp://h/live/a;', /:3:21: origin must be host\[:port\], not "rtmp:/],
    ['mode remote; origin h:0;', /:3:21: origin must be host\[:port\]/],
    ['mode remote; origin o; token_traverse yes;', /:3:39: .*token_traverse/],
    ['mode remote; origin o; cluster { vhost a/b; }', /:3:40: vhost must be the name of a vhost/],
    ['mode remote; origin o:1936 p; forward p;', /:3:31: an edge must not forward to its own origin/],
  ])('not "%s"', (text, wrong) => {
    expect(() => load(`vhost v {\n${text}\n}`)).toThrow(wrong);
  });

  test.each([
    ['origin o;', /:3:1: origin has no effect without mode remote/],
    ['token_traverse on;', /:3:1: token_traverse has no effect without mode remote/],
  ])('a warning for "%s"', (text, warning) => {
    expect(load(`vhost v {\n${text}\n}`).warnings.join()).toMatch(warning);
  });
});
