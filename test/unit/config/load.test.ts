import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterEach, assert, beforeEach, describe, test } from 'vitest';
import { configMarkdown, fullConf } from '../../../src/config/docs.js';
import { findVhost, loadConfig, parseConfig } from '../../../src/config/index.js';
import { openFileLimit } from '../../../src/config/open-files.js';
import { ConfigError } from '../../../src/kernel/index.js';

const root = join(import.meta.dirname, '../../..');
let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'srs-config-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

const write = (name: string, text: string): string => {
  mkdirSync(join(dir, name, '..'), { recursive: true });
  writeFileSync(join(dir, name), text);
  return join(dir, name);
};

const refusal = (run: () => unknown): { code: string; message: string } => {
  try {
    run();
  } catch (error) {
    assert.instanceOf(error, ConfigError, String(error));
    const { code, message } = error as ConfigError;
    return { code, message: message.replaceAll(dir, 'DIR') };
  }
  return assert.fail('it was not refused');
};

describe('conf/', () => {
  for (const name of readdirSync(join(root, 'conf')).filter((file) => file.endsWith('.conf')))
    test(`${name} loads without a warning`, () => {
      assert.deepEqual(loadConfig(join(root, 'conf', name)).warnings, []);
    });

  test('full.conf changes nothing', () => {
    // Named blocks are there as examples, with nothing in them.
    const examples = 'transcode live/livestream { engine hd { } } ingest camera { engine copy { } }';
    const plain = parseConfig(`listen 1935; vhost __defaultVhost__ { ${examples} }`, 'plain');
    assert.deepEqual(parseConfig(fullConf(), 'full').config, plain.config);
  });

  test('full.conf and docs/config.md are what the tables say', () => {
    assert.equal(readFileSync(join(root, 'conf/full.conf'), 'utf8'), fullConf());
    assert.equal(readFileSync(join(root, 'docs/config.md'), 'utf8'), configMarkdown());
  });
});

describe('include', () => {
  test('stands for the directives of the files, in order, in any block, beside the including file', () => {
    write('parts/a.conf', 'include b.conf;\nchunk_size 5000;');
    write('parts/b.conf', 'max_connections 7;\npid x;');
    write('parts/v.conf', 'gop_cache off;\natc yes;');
    const main = write('main.conf', 'listen 1935;\ninclude parts/a.conf;\nvhost a { include parts/v.conf; }\npid y;');
    const { config, warnings, origins } = loadConfig(main);
    assert.equal(config.chunkSize, 5000);
    assert.equal(config.maxConnections, 7);
    assert.equal(config.pid, 'x');
    assert.equal(config.vhosts.get('a')?.gopCache, false);
    assert.deepEqual(
      warnings.map((line) => line.replaceAll(dir, 'DIR')),
      [
        'DIR/parts/v.conf:2:5: atc is on or off, not "yes"; it stays off (included from DIR/main.conf:3:19)',
        'DIR/main.conf:4:1: pid is ignored, it is set at DIR/parts/b.conf:2:1',
      ],
    );
    assert.equal(origins.get('vhosts/a/gopCache'), join(dir, 'parts/v.conf:1:1'));
  });

  test('several files; relative to the working directory first', () => {
    write('one.conf', 'listen 1935;');
    write('two.conf', 'chunk_size 5000;');
    const here = relative(process.cwd(), dir);
    const main = write('main.conf', `include ${join(here, 'one.conf')} ${join(here, 'two.conf')}; vhost a { }`);
    assert.equal(loadConfig(main).config.chunkSize, 5000);
  });

  test('a pattern: the files that it fits, by name, in any block; those that come later are seen by a reload', () => {
    write('vhosts/b.conf', 'vhost b { }');
    write('vhosts/a.conf', '\n vhost a { include ../a?.inc; }');
    write('vhosts/c.conf.bak', 'not this');
    write('vhosts/.hidden.conf', 'nor this');
    write('a1.inc', 'atc yes;');
    const main = write('main.conf', 'listen 1935;\ninclude vhosts/*.conf none/*.conf *.nothing;');
    const { config, warnings, origins } = loadConfig(main);
    assert.deepEqual([...config.vhosts.keys()], ['a', 'b']);
    assert.equal(origins.size, 2);
    assert.deepEqual(
      warnings.map((line) => line.replaceAll(dir, 'DIR')),
      [
        'DIR/a1.inc:1:5: atc is on or off, not "yes"; it stays off (included from DIR/vhosts/a.conf:2:20, included from DIR/main.conf:2:9)',
      ],
    );
    write('vhosts/aa.conf', 'vhost aa { }');
    assert.deepEqual([...loadConfig(main).config.vhosts.keys()], ['a', 'aa', 'b']);
  });

  test('a pattern that is not understood, a file of it that cannot be read', () => {
    mkdirSync(join(dir, 'd/x.conf'), { recursive: true });
    const main = write('main.conf', 'listen 1;\ninclude */x.conf;\ninclude d/[ab]*.conf;\ninclude d/*.conf;');
    assert.deepEqual(refusal(() => loadConfig(main)).message.split('\n'), [
      'DIR/main.conf:2:9: cannot include */x.conf: of patterns, * and ? in the name of the file are known',
      'DIR/main.conf:3:9: cannot include d/[ab]*.conf: of patterns, * and ? in the name of the file are known',
      'DIR/main.conf:4:9: cannot include DIR/d/x.conf: it is a directory',
    ]);
  });

  test('a pattern that fits the file itself', () => {
    const main = write('main.conf', 'listen 1; include *.conf;');
    assert.match(refusal(() => loadConfig(main)).message, /^DIR\/main.conf:1:19: DIR\/main.conf includes itself$/);
  });

  test('errors name the chain', () => {
    write('b.conf', '\n vhost {');
    write('a.conf', 'include b.conf;');
    const main = write('main.conf', '# \ninclude a.conf;');
    assert.deepEqual(
      refusal(() => loadConfig(main)),
      {
        code: 'CONFIG_SYNTAX',
        message:
          'DIR/b.conf:2:2: "vhost" opened here is not closed (included from DIR/a.conf:1:9, included from DIR/main.conf:2:9)',
      },
    );
  });

  test('a file that is not there', () => {
    const main = write('main.conf', 'listen 1;\ninclude nowhere.conf;');
    assert.deepEqual(
      refusal(() => loadConfig(main)),
      {
        code: 'CONFIG_UNREADABLE',
        message: 'DIR/main.conf:2:9: cannot include nowhere.conf: there is no such file or directory',
      },
    );
  });

  test('a circle, by one name and by two', () => {
    const main = write('main.conf', 'include a.conf;');
    write('a.conf', 'include b.conf;');
    write('b.conf', 'include a.conf;');
    assert.match(
      refusal(() => loadConfig(main)).message,
      /^DIR\/b.conf:1:9: DIR\/a.conf includes itself \(included from DIR\/a.conf:1:9/,
    );
    write('b.conf', `include ../${dir.split('/').at(-1)}/a.conf;`);
    assert.equal(refusal(() => loadConfig(main)).code, 'CONFIG_SYNTAX');
  });

  test('files that double at each level end in an error, not in a dead server', () => {
    for (let i = 0; i < 12; i++) write(`${i}.conf`, `include ${i + 1}.conf ${i + 1}.conf;`);
    write('12.conf', '');
    assert.match(refusal(() => loadConfig(join(dir, '0.conf'))).message, /more than 1000 files are included/);
  });

  test('text without files has none to include', () => {
    assert.deepEqual(
      refusal(() => parseConfig('include x;', 'a.conf')),
      {
        code: 'CONFIG_UNREADABLE',
        message: 'a.conf:1:9: cannot include x: there are no files here',
      },
    );
  });
});

describe('unreadable', () => {
  const cases: [string, string][] = [
    ['nowhere.conf', 'there is no such file or directory'],
    ['.', 'it is a directory'],
    ['/dev/zero', 'it is a device'],
    ['/etc/passwd/x', 'a part of its path is not a directory'],
  ];
  for (const [name, reason] of cases)
    test(name, () => {
      const path = name.startsWith('/') ? name : join(dir, name);
      const { code, message } = refusal(() => loadConfig(path));
      assert.equal(code, 'CONFIG_UNREADABLE');
      assert.equal(message, `${path.replaceAll(dir, 'DIR')}: the configuration cannot be read: ${reason}`);
    });
});

describe('open files', () => {
  const text = 'listen 1 2;\nmax_connections 1000;\nvhost a { }';
  test('too few: an error with the way out', () => {
    assert.deepEqual(
      refusal(() => parseConfig(text, 'a.conf', { openFiles: 1021 })),
      {
        code: 'CONFIG_INVALID',
        message:
          'a.conf:2:1: max_connections 1000 needs 1022 open files, the limit is 1021: run "ulimit -HSn 1022" before srs, or lower max_connections',
      },
    );
  });
  test('just enough, or unknown', () => {
    for (const openFiles of [1022, Number.POSITIVE_INFINITY, undefined]) parseConfig(text, 'a.conf', { openFiles });
  });
  test('this system tells its limit', () => {
    assert.isAbove(openFileLimit() ?? 0, 0);
  });
});

describe('vhosts', () => {
  const { config, warnings } = parseConfig(
    'listen 1; chunk_size 500;\nvhost a { queue_length 5; }\nvhost off { enabled off; }\nvhost __defaultVhost__ { gop_cache off; chunk_size 600; }\nvhost a { atc on; }',
    'a.conf',
  );
  test('exact name, else the default; a disabled one has no stand-in', () => {
    assert.equal(findVhost(config, 'a')?.name, 'a');
    assert.equal(findVhost(config, 'A')?.name, 'a');
    assert.equal(findVhost(config, 'a.')?.name, 'a');
    assert.equal(findVhost(config, 'b')?.name, '__defaultVhost__');
    assert.isUndefined(findVhost(config, 'OFF'));
    assert.equal(findVhost(config, '__proto__')?.name, '__defaultVhost__');
    assert.isUndefined(findVhost(config, 'off'));
    const alone = parseConfig('listen 1; vhost a { }', 'a.conf').config;
    assert.isUndefined(findVhost(alone, 'b'));
    const closed = parseConfig('listen 1; vhost a { } vhost __defaultVhost__ { enabled off; }', 'a.conf').config;
    assert.isUndefined(findVhost(closed, 'b'));
  });
  test('only chunk_size is taken from outside', () => {
    assert.equal(config.vhosts.get('a')?.chunkSize, 500);
    assert.equal(config.vhosts.get('__defaultVhost__')?.chunkSize, 600);
    assert.equal(config.vhosts.get('a')?.gopCache, true);
  });
  test('of two with one name the first counts', () => {
    assert.equal(config.vhosts.get('a')?.atc, false);
    assert.deepEqual(warnings, ['a.conf:5:1: vhost a is there already, this one is ignored']);
  });
  test('upper and lower case are one host: its block keeps its spelling, and there cannot be two', () => {
    const { config } = parseConfig('listen 1; vhost Live.Example.com { }', 'a.conf');
    for (const name of ['live.example.com', 'LIVE.EXAMPLE.COM', 'Live.Example.com', 'live.example.com.'])
      assert.equal(findVhost(config, name)?.name, 'Live.Example.com');
    const twice = refusal(() => parseConfig('listen 1;\nvhost a.b { }\nvhost A.b { }\nvhost a.b. { }', 'a.conf'));
    assert.match(twice.message, /^a\.conf:3:1: vhost A\.b is the same host as vhost a\.b/);
    assert.match(twice.message, /\na\.conf:4:1: vhost a\.b\. is the same host as vhost A\.b/);
  });
  test('none at all is said', () => {
    assert.deepEqual(parseConfig('listen 1;', 'a.conf').warnings, [
      'a.conf:1:1: there is no vhost, so every client is rejected',
    ]);
  });
  test('frozen', () => {
    const vhost = config.vhosts.get('a');
    for (const part of [config, config.log, config.listen, config.listen[0], vhost, vhost?.publish])
      assert.isFrozen(part);
  });
});

test.each([
  'vhost v { security { enabled true; } }',
  'vhost v { sign { secret k; play yes; } }',
  'vhost v { sign { secret k; publish ON; } }',
  'vhost v { http_hooks { enabled 1; } }',
  'http_api { auth { enabled yes; } }',
])('%s: a guard that is neither on nor off is an error, not an open door', (text) => {
  const { code, message } = refusal(() => parseConfig(`listen 1935; ${text}`, 'a.conf'));
  assert.equal(code, 'CONFIG_INVALID');
  assert.match(message, /a\.conf:1:\d+: \w+ is on or off, not "\w+"$/m);
});

test('what the original takes and this does not: a warning that names it, and the rest of the file acts', () => {
  const text = `listen 1935; http_server { enabled on; }
vhost v {
  hls { enabled on; hls_fragment 0.2; }
  http_remux { enabled on; mount [vhost]/[app]/[stream].aac; mount [vhost]/[app]/[stream].flv; }
}
vhost w { http_remux { enabled on; mount [vhost]/[app]/[stream].mp3; } }`;
  const { config, warnings } = parseConfig(text, 'a.conf');
  assert.deepEqual(warnings, [
    'a.conf:3:34: hls_fragment "0.2" is less than can be, so it is 0.25 seconds',
    'a.conf:4:28: mount [vhost]/[app]/[stream].aac is not served: streams are FLV or MPEG-TS here',
    'a.conf:6:36: mount [vhost]/[app]/[stream].mp3 is not served: streams are FLV or MPEG-TS here',
  ]);
  assert.equal(config.vhosts.get('v')?.hls.hlsFragment, 0.25);
  assert.deepEqual(config.vhosts.get('v')?.httpRemux.mount, ['[vhost]/[app]/[stream].flv']);
  assert.deepEqual(config.vhosts.get('w')?.httpRemux.mount, []);
});

test.each(['hls { hls_fragment 0; }', 'hls { hls_fragment -1; }', 'http_remux { mount [vhost]/[app]/[stream].avi; }'])(
  '%s: an error still',
  (text) =>
    assert.equal(refusal(() => parseConfig(`listen 1935; vhost v { ${text} }`, 'a.conf')).code, 'CONFIG_INVALID'),
);
