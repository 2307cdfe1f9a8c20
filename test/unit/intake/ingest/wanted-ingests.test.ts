import { assert, describe, test } from 'vitest';
import { parseConfig } from '../../../../src/config/index.js';
import { ingestInput } from '../../../../src/intake/ingest/ingest-input.js';
import { wantedIngests } from '../../../../src/intake/ingest/wanted-ingests.js';
import { ffmpegArguments } from '../../../../src/stream/index.js';

const wanted = (vhosts: string, listen = '1935 1936') => [
  ...wantedIngests(parseConfig(`listen ${listen}; ${vhosts}`, 'a.conf').config).values(),
];
const block = (id: string, engines: string, more = '') =>
  `ingest ${id} { enabled on; input { url ./a.flv; } ffmpeg ff; ${engines} ${more} }`;

/** What ffmpeg is started with, from the input on. */
function line(input: string, engine: string): string {
  const [one] = wanted(
    `vhost v { ingest a { enabled on; input { ${input} } ffmpeg ff; engine { output out; ${engine} } } }`,
  );
  if (one === undefined) return assert.fail('nothing is wanted');
  const args = ffmpegArguments(one.engine, ingestInput(one.input), { options: [], url: one.output }, 'info').join(' ');
  const head = '-hide_banner -nostdin -nostats -loglevel level+info -progress pipe:3 ';
  assert.isTrue(args.startsWith(head));
  return args.slice(head.length);
}

describe('which ingests run (spec/media.md §2)', () => {
  test('each engine of each that is enabled, in vhosts that are', () => {
    const text = `vhost v { ${block('a', 'engine { output 1; } engine b { output 2; }')} ${block('b', 'engine { output 3; }')}
        ingest off { enabled off; } } vhost w { enabled off; ${block('a', 'engine { output 4; }')} }`;
    assert.deepEqual(
      wanted(text).map(({ vhost, ingest, engine, output }) => `${vhost} ${ingest} ${engine.name} ${output}`),
      ['v a  1', 'v a b 2', 'v b  3'],
    );
  });

  test('spec/config.md §7: [vhost] is the name of the block, [port] the first port of listen', () => {
    const [one] = wanted(
      `vhost v.example.com { ${block('a', 'engine { output rtmp://127.0.0.1:[port]/live?vhost=[vhost]/x; }')} }`,
    );
    assert.equal(one?.output, 'rtmp://127.0.0.1:1935/live?vhost=v.example.com/x');
    const [moved] = wanted(`vhost v { ${block('a', 'engine { output rtmp://h:[port]/l/x; }')} }`, '[::]:1999');
    assert.equal(moved?.output, 'rtmp://h:1999/l/x');
  });
});

describe('the arguments of ffmpeg', () => {
  const copied = '-vcodec copy -acodec copy -f flv -y out';
  test.each([
    ['a file: in real time, over and over', 'url a.flv;', '', `-re -stream_loop -1 -i a.flv ${copied}`],
    ['a stream: as it comes', 'type stream; url rtsp://h/1;', '', `-i rtsp://h/1 ${copied}`],
    ['HLS: in real time', 'type stream; url http://h/a.m3u8?k=1;', '', `-re -i http://h/a.m3u8?k=1 ${copied}`],
    [
      'an engine that is off: only its output counts',
      'type stream; url u;',
      'enabled off; vcodec libx264; acodec an; iformat mpegts; oformat mpegts; perfile { x 1; } vfilter { vf y; }',
      `-i u ${copied}`,
    ],
    [
      'one without codecs: the rest counts, and both are copied',
      'type stream; url rtsp://h/1;',
      'enabled on; perfile { rtsp_transport tcp; }',
      `-rtsp_transport tcp -i rtsp://h/1 ${copied}`,
    ],
    [
      'iformat, where it is written',
      'type stream; url udp://h:1;',
      'enabled on; iformat mpegts;',
      `-f mpegts -i udp://h:1 ${copied}`,
    ],
    [
      'one with both: as in a transcode',
      'url a.mp4;',
      'enabled on; vcodec libx264; vbitrate 300; vpreset veryfast; acodec aac; abitrate 64;',
      '-re -stream_loop -1 -i a.mp4 -vcodec libx264 -b:v 300000 -preset veryfast -acodec aac -b:a 64000 -f flv -y out',
    ],
    [
      'no video',
      'url a.mp4;',
      'enabled on; vcodec vn; acodec copy;',
      '-re -stream_loop -1 -i a.mp4 -vn -acodec copy -f flv -y out',
    ],
  ])('%s', (_, input, engine, want) => assert.equal(line(input, engine), want));
});
