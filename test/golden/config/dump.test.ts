import fc from 'fast-check';
import { assert, describe, test } from 'vitest';
import { documented } from '../../../src/config/docs-rows.js';
import {
  dumpConfig,
  dumpSettings,
  type LoadedConfig,
  parseConfig,
  printSummary,
  summarize,
} from '../../../src/config/index.js';
import { root } from '../../../src/config/tables/root.js';
import { ConfigError } from '../../../src/kernel/index.js';

const text = `listen 1935 [::1]:19;
pid "/run/my srs.pid";
vhost "a b" {
  gop_cache off;
  publish { grace 0.5; }
}
vhost c { enabled off; }`;
const loaded = parseConfig(text, 'a.conf', { environment: { SRS_VHOST_PLAY_ATC: 'on' } });

describe('dump', () => {
  test('every setting with its origin', () => {
    const lines = dumpConfig(loaded).split('\n');
    for (const line of [
      'listen 0.0.0.0:1935 [::1]:19; # a.conf:1:1',
      'chunk_size 60000; # default',
      'pid "/run/my srs.pid"; # a.conf:2:1',
      'vhost "a b" {',
      '        gop_cache off; # a.conf:4:3',
      '        atc on; # environment SRS_VHOST_PLAY_ATC',
      '        mw_latency auto; # default',
      '        grace 0.5; # a.conf:5:13',
      '    enabled off; # a.conf:7:11',
    ])
      assert.include(lines, line);
  });

  test('a value that is taken from outside has the origin of that', () => {
    const lines = dumpConfig(parseConfig('listen 1; chunk_size 500; vhost a { }', 'a.conf')).split('\n');
    assert.include(lines, '    chunk_size 500; # a.conf:1:11');
  });

  test('as a list', () => {
    const settings = dumpSettings(loaded);
    const find = (around: string[], name: string) =>
      settings.find((one) => one.name === name && one.in.join() === around.join());
    assert.deepEqual(find([], 'chunk_size'), { in: [], name: 'chunk_size', value: 60_000, origin: 'default' });
    assert.deepEqual(find(['vhost a b', 'play'], 'gop_cache'), {
      in: ['vhost a b', 'play'],
      name: 'gop_cache',
      value: false,
      origin: 'a.conf:4:3',
    });
    assert.equal(find(['vhost c', 'play'], 'mw_latency')?.value, 'auto');
  });
});

test('masked: no secret, no query, no password in it', () => {
  const hidden = parseConfig(
    `listen 1; http_api { read_token reading; auth { password basic; } }
    vhost a { sign { secret signing; } http_hooks { hook_secret hooking; on_play http://u:pa55@h/x?key=1 http://h/y; } }`,
    'a.conf',
  );
  const masked = dumpConfig(hidden, { mask: true });
  for (const secret of ['reading', 'signing', 'hooking', 'pa55', 'key=1', 'basic']) assert.notInclude(masked, secret);
  assert.include(masked, 'on_play http://***@h/x?*** http://h/y;');
  assert.include(masked, 'read_token ***;');
  assert.include(masked, 'write_token -;'); // there is none, and that may be known
  assert.notInclude(JSON.stringify(dumpSettings(hidden, { mask: true })), 'signing');
  assert.include(dumpConfig(hidden), 'secret signing;');
});

/** Loads as the first did, and is dumped as that was, but for the origins. */
function checkStable(first: LoadedConfig): void {
  const dumped = dumpConfig(first);
  const again = parseConfig(dumped, 'dump.conf');
  assert.deepEqual(again.config, first.config);
  const withoutOrigins = (dump: string) => dump.replaceAll(/ # (?:default|environment .*|[^"\n]*:\d+:\d+)$/gm, '');
  assert.equal(withoutOrigins(dumpConfig(again)), withoutOrigins(dumped));
}

describe('dump → load is stable', () => {
  test('of the example', () => checkStable(loaded));

  const names = (block = documented(root)): string[] => [
    ...block.rows.map(({ name }) => name),
    ...block.blocks.flatMap((inner) => names(inner)),
  ];
  const value = fc.oneof(
    fc.constantFrom('on', 'off', '0', '1', '500', '0.25', '1e3', '10s', 'auto', 'full', 'zero', 'reject', 'console'),
    fc.string({ unit: 'binary', maxLength: 12 }).filter((word) => !word.includes('"') && word !== ''),
  );
  const setting = fc
    .tuple(fc.constantFrom(...names().filter((name) => name !== 'listen')), fc.array(value, { maxLength: 2 }))
    .map(([name, words]) => `${[name, ...words.map((word) => `"${word}"`)].join(' ')};`);
  const body = fc.array(setting, { maxLength: 4 }).map((lines) => lines.join('\n'));
  const id = fc.string({ minLength: 1, maxLength: 6 }).filter((word) => !word.includes('"'));

  test('of any configuration that loads', () => {
    let loads = 0;
    fc.assert(
      fc.property(body, id, body, body, body, (top, name, own, play, publish) => {
        const file = `listen 1 [::]:2;\n${top}\nvhost "${name}" {\n${own}\nplay {\n${play}\n}\npublish {\n${publish}\n}\n}`;
        let config: LoadedConfig;
        try {
          config = parseConfig(keepKnown(file), 'fuzz.conf');
        } catch (error) {
          assert.instanceOf(error, ConfigError);
          return;
        }
        loads++;
        checkStable(config);
      }),
      { numRuns: 500 },
    );
    assert.isAbove(loads, 50);
  });
});

/** Leaves out the lines that are refused, so that most files load. */
function keepKnown(file: string): string {
  try {
    parseConfig(file, 'fuzz.conf');
    return file;
  } catch (error) {
    const wrong = new Set(
      [...String((error as Error).message).matchAll(/fuzz\.conf:(\d+):/g)].map(([, n]) => Number(n)),
    );
    return file
      .split('\n')
      .filter((_, i) => !wrong.has(i + 1))
      .join('\n');
  }
}

describe('summary', () => {
  test('listeners, vhosts, warnings', () => {
    const summary = summarize(parseConfig('listen 1 [::]:2; vhost a { rtc { } } vhost b { enabled off; }', 'a.conf'));
    assert.deepEqual(summary.listeners, [
      { name: 'rtmp', address: '0.0.0.0:1' },
      { name: 'rtmp', address: '[::]:2' },
    ]);
    assert.deepEqual(
      summary.vhosts.map(({ name, enabled }) => [name, enabled]),
      [
        ['a', true],
        ['b', false],
      ],
    );
    assert.lengthOf(summary.warnings, 1);
    const lines = printSummary(summary).split('\n');
    assert.deepEqual(lines.slice(0, 2), ['listens on 0.0.0.0:1 for rtmp', 'listens on [::]:2 for rtmp']);
    assert.equal(lines.at(-1), 'vhost b: disabled');
  });

  test.each([
    ['forward b;', 'vhost a: forward'],
    ['forward { enabled on; destination b; }', 'vhost a: forward'],
    ['forward b; forward { enabled on; destination c; }', 'vhost a: forward'],
    ['refer b.com; forward { enabled off; destination c; }', 'vhost a: refer'],
  ])('the old spelling of a block counts: %s', (text, want) => {
    const lines = printSummary(summarize(parseConfig(`listen 1; vhost a { ${text} }`, 'a.conf'))).split('\n');
    assert.equal(lines.at(-1), want);
  });

  test('blocks that are on', () => {
    const text =
      'listen 1; http_server { enabled on; listen 2; } vhost a { http_remux { enabled on; } http_static { } }';
    assert.equal(
      printSummary(summarize(parseConfig(text, 'a.conf'))),
      'listens on 0.0.0.0:1 for rtmp\nlistens on 0.0.0.0:2 for http_server\nwith http_server\nvhost a: http_remux',
    );
  });
});
