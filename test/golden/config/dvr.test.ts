import { describe, expect, test } from 'vitest';
import { parseConfig } from '../../../src/config/index.js';

const load = (rows: string) => parseConfig(`listen 1935;\nvhost a {\ndvr { enabled on; ${rows} }\n}\n`, 'a.conf');

describe('dvr { … } (spec/config.md §5)', () => {
  test('defaults', () =>
    expect(load('').config.vhosts.get('a')?.dvr).toEqual({
      enabled: true,
      dvrPath: './objs/nginx/html/[app]/[stream].[timestamp].flv',
      dvrPlan: 'session',
      dvrDuration: 30,
      dvrWaitKeyframe: true,
      timeJitter: 'full',
      dvrApply: ['all'],
    }));

  test('what files of the original say loads without a warning', () => {
    const { config, warnings } = load(`dvr_path ./objs/nginx/html; dvr_plan segment; dvr_duration 30;
      dvr_wait_keyframe off; time_jitter zero; dvr_apply live/a room/1/b;`);
    expect(warnings).toEqual([]);
    expect(config.vhosts.get('a')?.dvr).toMatchObject({ dvrPlan: 'segment', dvrApply: ['live/a', 'room/1/b'] });
  });

  test('dvr_plan append, gone since version 3, is session and says so (§8.1)', () =>
    expect(load('dvr_plan append;').warnings).toEqual([
      'a.conf:3:19: dvr_plan append was removed in version 3, so session is taken: a file goes on while its encoder comes back within publish grace',
    ]));

  test.each([
    [
      'dvr_path ./rec/[stream].mp4;',
      'a.conf:3:19: dvr_path ends in .mp4, and recordings are FLV: let it end in .flv, and make "ffmpeg -i X.flv -c copy X.mp4" of a closed file',
    ],
    [
      'dvr_plan sesion;',
      'a.conf:3:28: dvr_plan is one of session, segment, append, not "sesion", did you mean session?',
    ],
    ['dvr_duration 0;', 'a.conf:3:32: dvr_duration is 1 to 2000000 seconds, not "0"'],
    ['dvr_apply livestream;', 'a.conf:3:29: dvr_apply must be all or APP/STREAM, not "livestream"'],
  ])('%s', (rows, message) => expect(() => load(rows)).toThrow(message));
});
