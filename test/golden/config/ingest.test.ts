import { assert, describe, test } from 'vitest';
import {
  dumpConfig,
  parseConfig,
  planReload,
  printChange,
  printSummary,
  summarize,
} from '../../../src/config/index.js';
import { ConfigError } from '../../../src/kernel/index.js';

const load = (vhost: string, listen = '1935') => parseConfig(`listen ${listen};\nvhost v {\n${vhost}\n}\n`, 'a.conf');
const engine = 'engine { enabled off; output x; }';
const ingest = (id: string, inside: string) => `ingest ${id} { enabled on; ${inside} }`;
const whole = (id: string, output = id) =>
  ingest(id, `input { url f; } ffmpeg x; engine { enabled off; output ${output}; }`);

/** Errors by place, without the name of the file. */
function errors(vhost: string): string[] {
  try {
    load(vhost);
  } catch (error) {
    assert.instanceOf(error, ConfigError);
    return (error as ConfigError).message.split('\n').map((line) => line.replace(/^a\.conf:/, ''));
  }
  return assert.fail('it was not refused');
}

describe('ingest blocks (spec/media.md §2)', () => {
  test('are read with their input and engines; what is not written has its default', () => {
    const { config, warnings } = load(
      ingest('cam', 'input { type stream; url rtsp://h/1; } ffmpeg ./ff; engine { output x; } engine b { output y; }'),
    );
    const found = config.vhosts.get('v')?.ingests.get('cam');
    assert.deepEqual([found?.name, found?.enabled, found?.ffmpeg, found?.stallTimeout], ['cam', true, './ff', 30]);
    assert.deepEqual(found?.input, { type: 'stream', url: 'rtsp://h/1' });
    assert.deepEqual([...(found?.engines.keys() ?? [])], ['', 'b']);
    assert.deepInclude(found?.engines.get('b'), { enabled: false, vcodec: '', iformat: 'off', oformat: 'flv' });
    assert.deepEqual(warnings, [], 'an engine that is not enabled copies, so nobody is told to enable it');
    assert.equal(load('ingest a { }').config.vhosts.get('v')?.ingests.get('a')?.input.type, 'file');
  });

  test('spec/config.md §4: an ID stands once in a vhost, another vhost may have it too', () => {
    const other = `${whole('a')}\n} vhost w {\n${whole('a', 'b')}`;
    assert.lengthOf(load(other).warnings, 0);
    assert.deepEqual(errors(`${whole('a')}\n${whole('b')}\n${whole('a')}`), [
      '5:1: ingest a is there already, at a.conf:3:1',
    ]);
  });

  test.each([
    ['no name', 'ingest { }', ['3:1: ingest needs a name: ingest NAME { … }']],
    ['no url', ingest('a', `ffmpeg x; ${engine}`), ['3:12: ingest a needs a url in its input { … }']],
    [
      'an empty url',
      ingest('a', `input { url ""; } ffmpeg x; ${engine}`),
      ['3:32: ingest a needs a url in its input { … }'],
    ],
    [
      'no ffmpeg',
      ingest('a', `input { url f; } ${engine}`),
      ['3:12: ingest a needs an ffmpeg: a path, or a name in PATH'],
    ],
    ['no engine', ingest('a', 'input { url f; } ffmpeg x;'), ['3:12: ingest a needs an engine { … } with an output']],
    [
      'no output',
      ingest('a', 'input { url f; } ffmpeg x;\nengine e { enabled off; }'),
      ['4:12: engine e needs an output, also where it is off'],
    ],
    [
      'no output in an empty engine',
      ingest('a', 'input { url f; } ffmpeg x;\nengine { }'),
      ['3:12: engine needs an output, also where it is off'],
    ],
    [
      'neither video nor audio',
      ingest('a', 'input { url f; } ffmpeg x;\nengine e { enabled on; vcodec vn; acodec an; output x; }'),
      ['4:35: engine e has neither video nor audio'],
    ],
    [
      'an unknown type',
      ingest('a', `input { type device; url f; } ffmpeg x; ${engine}`),
      ['3:37: type is one of file, stream, not "device"'],
    ],
    [
      'an unknown directive',
      ingest('a', `input { uri f; url f; } ffmpeg x; ${engine}`),
      ['3:32: unknown directive "uri" in ingest input, did you mean url?'],
    ],
    [
      'a variable of transcodes',
      ingest('a', 'input { url f; } ffmpeg x;\nengine { output rtmp://h/[app]/x; }'),
      ['4:10: output of an ingest: [app] stands for nothing, [vhost] and [port] do'],
    ],
    [
      'an output that another has',
      `${whole('a', 'rtmp://h:[port]/live/x')}\n${whole('b', 'rtmp://h:1935/live/x')}`,
      ['4:73: the output is used already, at a.conf:3:73'],
    ],
    [
      'two that are wrong: both are told',
      `${ingest('a', engine)}\n${ingest('b', 'input { url f; } ffmpeg x;')}`,
      [
        '3:12: ingest a needs a url in its input { … }',
        '3:12: ingest a needs an ffmpeg: a path, or a name in PATH',
        '4:12: ingest b needs an engine { … } with an output',
      ],
    ],
  ])('an error with its place: %s', (_, text, want) => assert.deepEqual(errors(text), want));

  test('what is not enabled may be unfinished', () =>
    assert.deepEqual(load('ingest a { enabled off; } ingest b { }').warnings, []));

  test('one codec of two is told: both are copied', () => {
    const { warnings } = load(
      ingest('a', 'input { url f; } ffmpeg x;\nengine e { enabled on; vcodec libx264; output x; }'),
    );
    assert.deepEqual(warnings, ['a.conf:4:24: engine e has no acodec, so audio and video are copied as they come']);
  });

  test('are dumped as they are loaded, and summed up', () => {
    const loaded = load(`${whole('a')} ingest b { }`);
    assert.deepEqual(parseConfig(dumpConfig(loaded), 'dump.conf').config, loaded.config);
    assert.equal(printSummary(summarize(loaded)), 'listens on 0.0.0.0:1935 for rtmp\nvhost v: ingest');
  });

  test('a change is named in the plan of a reload, user and password are not shown', () => {
    const input = (url: string) => `ingest a { input { type stream; url ${url}; } }`;
    const plan = planReload(
      load(`${input('rtsp://u:secret@h/1')} ingest b { }`).config,
      load(`${input('rtsp://u:other@h/2')} ingest c { }`).config,
    );
    assert.deepEqual(plan.map(printChange), [
      'vhost v ingest a input url: rtsp://***@h/1 → rtsp://***@h/2',
      'vhost v ingest b removed',
      'vhost v ingest c added',
    ]);
  });
});
