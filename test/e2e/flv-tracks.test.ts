import { beforeAll, describe, expect, test } from 'vitest';
import { confOf } from '../support/hook-server.js';
import { pullFlv, pullWsFlv } from '../support/pull-flv.js';
import { reload } from '../support/reload.js';
import { until } from '../support/run.js';
import { type Srs, startSrs } from '../support/srs.js';
import { pause, publish } from '../support/streams.js';
import { feed, tag } from '../support/synthetic.js';

let srs: Srs;
beforeAll(async () => {
  srs = await startSrs({
    config: confOf('http_remux { enabled on; wait 5; }', 'http_server { enabled on; listen HTTP_PORT; }'),
  });
});

const BOTH = 5;
const AUDIO = 4;
const VIDEO = 1;

const pulls = [
  ['HTTP', (path: string) => pullFlv(srs.ports.HTTP_PORT as number, path)],
  ['WebSocket', (path: string) => pullWsFlv(srs.ports.HTTP_PORT as number, path)],
] as const;

type Pull = ReturnType<(typeof pulls)[number][1]>;
const flags = async (pull: Pull): Promise<number> => {
  await until('the header', () => pull.body().length >= 5);
  return pull.body()[4] as number;
};
/** The header that a newcomer gets, and how long it takes: the shortest of three times, for a busy machine. */
async function newcomer(join: () => Pull): Promise<{ readonly flags: number; readonly ms: number }> {
  const waits: number[] = [];
  const seen = new Set<number>();
  while (waits.length < 3) {
    const asked = performance.now();
    const late = join();
    seen.add(await flags(late));
    waits.push(performance.now() - asked);
    late.close();
  }
  expect([...seen]).toHaveLength(1);
  return { flags: [...seen][0] as number, ms: Math.min(...waits) };
}
/** All tags of media, by type, with configurations. */
const types = (pull: Pull): number[] => pull.tags().flatMap(({ type }) => (type === 8 || type === 9 ? [type] : []));

describe.each(pulls)('the header of FLV over %s', (transport, pull) => {
  const name = (what: string): string => `${what}-${transport}`;

  test.each([
    ['video', VIDEO, 9, [tag.avcConfig(), tag.key(0), tag.inter(40)]],
    ['audio', AUDIO, 8, [tag.aacConfig(), tag.audio(0), tag.audio(23)]],
  ] as const)(
    'names %s alone, whoever comes first, and nothing is lost while that is found out',
    async (what, want, type, messages) => {
      const early = pull(`/live/${name(what)}.flv`);
      const publisher = await publish(srs.url('live', name(what)));
      for (const message of messages) publisher.send(message);
      expect(await flags(early)).toBe(want);
      await until('all', () => types(early).length === 3);
      expect(types(early)).toEqual([type, type, type]);
      const late = await newcomer(() => pull(`/live/${name(what)}.flv`));
      expect(late.flags).toBe(want);
      expect(late.ms).toBeLessThan(900);
      publisher.close();
    },
  );

  test('names both at once when both are there, and when the second comes in the first second', async () => {
    const publisher = await publish(srs.url('live', name('both')));
    const early = pull(`/live/${name('both')}.flv`);
    await pause(200);
    publisher.send(tag.avcConfig());
    publisher.send(tag.key(0));
    await pause(100);
    publisher.send(tag.aacConfig());
    publisher.send(tag.audio(100));
    expect(await flags(early)).toBe(BOTH);
    await until('all', () => types(early).length === 4);
    const late = await newcomer(() => pull(`/live/${name('both')}.flv`));
    expect(late.flags).toBe(BOTH);
    expect(late.ms).toBeLessThan(500);
    publisher.close();
  });

  test('a track that comes later is sent all the same; ?only= is what it was', async () => {
    const publisher = await publish(srs.url('live', name('later')));
    publisher.send(tag.avcConfig());
    publisher.send(tag.key(0));
    const player = pull(`/live/${name('later')}.flv`);
    expect(await flags(player)).toBe(VIDEO);
    publisher.send(tag.aacConfig());
    publisher.send(tag.audio(2000));
    await until('sound', () => types(player).filter((type) => type === 8).length === 2);
    expect(await flags(pull(`/live/${name('later')}.flv?only=audio`))).toBe(AUDIO);
    publisher.close();
  });

  test('sound that is announced and does not come: the header does not name it, nobody is told of it before it does', async () => {
    const publisher = await publish(srs.url('live', name('silent')));
    publisher.send(tag.aacConfig());
    publisher.send(tag.avcConfig());
    publisher.send(tag.key(0));
    const early = pull(`/live/${name('silent')}.flv`);
    expect(await flags(early)).toBe(VIDEO);
    const late = pull(`/live/${name('silent')}.flv`);
    expect(await flags(late)).toBe(VIDEO);
    publisher.send(tag.key(4000));
    for (const player of [early, late]) {
      await until('a picture', () => types(player).length >= 2);
      expect(types(player)).not.toContain(8);
    }
    publisher.send(tag.audio(4010));
    await until('sound', () => types(early).filter((type) => type === 8).length === 2);
    publisher.close();
  });

  test('the stream ends before its tracks are known: what there was comes, and the end', async () => {
    const player = pull(`/live/${name('short')}.flv`);
    const publisher = await publish(srs.url('live', name('short')));
    publisher.send(tag.avcConfig());
    publisher.send(tag.key(0));
    publisher.close();
    expect(await flags(player)).toBe(VIDEO);
    await until('both tags', () => types(player).length === 2);
  });
});

test('guess_has_av off: the header says has_audio and has_video, and what is off is left out; a reload changes it for new players', async () => {
  const publisher = await publish(srs.url('live', 'told'));
  await feed(publisher, { frames: 5 });
  const [, pull] = pulls[0];
  for (const [settings, want, left] of [
    ['guess_has_av off;', BOTH, [8, 9]],
    ['guess_has_av off; has_audio off;', VIDEO, [9]],
    ['guess_has_av off; has_video off;', AUDIO, [8]],
    ['has_video off;', BOTH, [8, 9]],
  ] as const) {
    await reload(srs, (text) => text.replace(/wait 5;.*?\}/, `wait 5; ${settings} }`));
    const player = pull('/live/told.flv');
    expect([settings, await flags(player)]).toEqual([settings, want]);
    await feed(publisher, { frames: 5 });
    // The configuration, and more than the five frames that may have been there before.
    const many = (wanted: number) => types(player).filter((type) => type === wanted).length;
    await until('media', () => left.every((type) => many(type) >= 7));
    expect([...new Set(types(player))].sort()).toEqual(left);
    player.close();
  }
  publisher.close();
});
