import { expect, test } from 'vitest';
import { parseConfig, planReload, printChange } from '../../../src/config/index.js';

const load = (text: string) => parseConfig(text, 'srs.conf').config;
const plan = (before: string, after: string) =>
  planReload(load(before), load(after)).map((c) => `${c.how}: ${printChange(c)}`);

for (const [name, before, after, want] of [
  ['nothing', 'listen 1935; vhost a { }', 'listen 1935 ; # same\nvhost a { gop_cache on; }', []],
  [
    'scalars of the file',
    'listen 1935; vhost a { }',
    'listen 1936; chunk_size 128; max_connections 5; vhost a { chunk_size 60000; }',
    [
      'relisten: listen: 0.0.0.0:1935 → 0.0.0.0:1936',
      'live: chunk_size: 60000 → 128',
      'live: max_connections: 1000 → 5',
    ],
  ],
  [
    'lists, as they stand in the file',
    'listen 1935; vhost a { transcode { enabled off; engine { enabled off; vfilter { i logo.png; hflip; } } } }',
    'listen 1935 [::1]:1936; vhost a { security { allow play all; deny play 10.0.0.0/8; } transcode { enabled off; engine { enabled off; } } }',
    [
      'relisten: listen: 0.0.0.0:1935 → 0.0.0.0:1935, [::1]:1936',
      'live: vhost a security allow: none → play all',
      'live: vhost a security deny: none → play 10.0.0.0/8',
      'live: vhost a transcode engine vfilter: i logo.png, hflip → none',
    ],
  ],
  [
    'a setting of a block that has other spellings, and one that a reload refuses',
    'listen 1; vhost a { publish { normal_timeout 1000; } mode remote; origin o; }',
    'listen 1; vhost a { publish { normal_timeout 2000; } }',
    [
      'live: vhost a publish normal_timeout: 1000 → 2000',
      'refused: vhost a cluster mode: remote → local',
      'next: vhost a cluster origin: o → none',
    ],
  ],
  [
    'what a vhost inherits',
    'listen 1; vhost a { }',
    'listen 1; chunk_size 128; vhost a { }',
    ['live: chunk_size: 60000 → 128', 'live: vhost a chunk_size: 60000 → 128'],
  ],
  [
    'vhosts that come, go and change',
    'listen 1; vhost a { } vhost b { }',
    'listen 1; vhost b { publish { grace 3; } mw_latency 50; } vhost c { }',
    [
      'removed: vhost a removed',
      'live: vhost b play mw_latency: auto → 50',
      'live: vhost b publish grace: 10 → 3',
      'added: vhost c added',
    ],
  ],
  [
    'old and new spellings are one setting',
    'listen 1; vhost a { queue_length 5; }',
    'listen 1; vhost a { play { queue_length 5; } }',
    [],
  ],
] as const)
  test(`reload plan: ${name}`, () => expect(plan(before, after)).toEqual(want));
