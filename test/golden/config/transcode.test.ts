import { assert, describe, test } from 'vitest';
import {
  dumpConfig,
  parseConfig,
  planReload,
  printChange,
  printSummary,
  summarize,
} from '../../../src/config/index.js';

const load = (text: string) => parseConfig(`listen 1;\nvhost v { ${text} }`, 'a.conf');
const engine = (directives: string) => `transcode { enabled on; ffmpeg x; engine e { enabled on; ${directives} } }`;

describe('transcode blocks', () => {
  test('of every scope, with engines of any name or none', () => {
    const { config, warnings } = load(
      'transcode { enabled off; engine { } engine a { } } transcode live { } transcode live/x { enabled off; engine a { vfilter { vf "a b"; } } }',
    );
    const blocks = config.vhosts.get('v')?.transcodes;
    assert.deepEqual([...(blocks?.keys() ?? [])], ['', 'live', 'live/x']);
    assert.deepEqual([...(blocks?.get('')?.engines.keys() ?? [])], ['', 'a']);
    assert.deepEqual(blocks?.get('live/x')?.engines.get('a')?.vfilter, [['vf', 'a b']]);
    assert.deepEqual(warnings, []);
  });

  test('what cannot run is told at its place', () => {
    for (const [directives, want] of [
      ['acodec copy; output x;', '2:41: engine e needs a vcodec: an encoder, copy or vn'],
      ['vcodec copy; output x;', '2:41: engine e needs an acodec: an encoder, copy or an'],
      ['vcodec vn; acodec an; output x;', '2:64: engine e has neither video nor audio'],
      ['vcodec vn; acodec copy;', '2:41: engine e needs an output'],
      [
        'vcodec vn; acodec libaacplus; abitrate 96; output x;',
        '2:83: engine e: libaacplus needs an abitrate of 16 to 72',
      ],
    ] as const)
      assert.throws(() => load(engine(directives)), new RegExp(`^a\\.conf:\\d+:\\d+: ${want.replace(/^\S+ /, '')}$`));
  });

  test('what is not enabled may be unfinished; without ffmpeg there is a warning', () => {
    assert.deepEqual(load('transcode { enabled off; engine e { enabled on; } }').warnings, []);
    assert.match(load('transcode { enabled on; }').warnings.join(), /names no ffmpeg, so nothing is transcoded/);
  });

  test('are dumped as they are loaded', () => {
    const loaded = load(`${engine('vcodec vn; acodec aac; output "x y"; aparams { a "b c"; a; }')} transcode live { }`);
    assert.deepEqual(parseConfig(dumpConfig(loaded), 'dump.conf').config, loaded.config);
    assert.equal(printSummary(summarize(loaded)), 'listens on 0.0.0.0:1 for rtmp\nvhost v: transcode');
  });

  test('user, password and query of a URL are masked, in lists of options too', () => {
    const { config } = load(`transcode { engine { perfile { i "http://u:secret@h/?k=secret"; } } }`);
    const plan = planReload(load('transcode { engine { } }').config, config).map(printChange);
    assert.deepEqual(plan, ['vhost v transcode engine perfile: none → i http://***@h/?***']);
  });

  test('a changed engine is named in the plan of a reload', () => {
    const before = load('transcode { engine { vfps 25; } engine a { } } transcode live { }').config;
    const after = load('transcode { engine { vfps 30; vparams { g 5; } } engine b { } }').config;
    assert.deepEqual(planReload(before, after).map(printChange), [
      'vhost v transcode engine vfps: 25 → 30',
      'vhost v transcode engine vparams: none → g 5',
      'vhost v transcode engine a removed',
      'vhost v transcode engine b added',
      'vhost v transcode live removed',
    ]);
  });
});
