import { assert, describe, test } from 'vitest';
import { parseConfig } from '../../../src/config/index.js';
import { ffmpegArguments } from '../../../src/stream/index.js';

/** The only engine of a file. */
function engineOf(directives: string) {
  const block = `transcode { engine e { ${directives} } }`;
  const { config } = parseConfig(`listen 1; vhost v { ${block} }`, 'a.conf');
  const engine = config.vhosts.get('v')?.transcodes.get('')?.engines.get('e');
  return engine ?? assert.fail('no engine');
}

const input = { options: ['-in', '1'], url: 'rtmp://in' };
const output = { options: ['-out', '2'], url: 'rtmp://out' };
const GLOBAL = '-hide_banner -nostdin -nostats -loglevel level+info -progress pipe:3';

const args = (directives: string): string[] => ffmpegArguments(engineOf(directives), input, output, 'info');

/** What comes between the options for all and the output. */
function line(directives: string): string {
  const text = args(directives).join(' ');
  assert.isTrue(text.startsWith(`${GLOBAL} `));
  assert.isTrue(text.endsWith(' -y rtmp://out'));
  return text.slice(GLOBAL.length + 1, -' -y rtmp://out'.length);
}

const copy = 'vcodec copy; acodec copy;';
const coded = 'vcodec libx264; acodec aac;';

describe('spec spec/media.md §1.4: the arguments of an engine and their order', () => {
  test('everything', () => {
    assert.equal(
      line(`acodec libfdk_aac; vcodec libx264; abitrate 70; asample_rate 44100; achannels 2; aparams { profile:a aac_low; }
        vbitrate 1500; vfps 25; vwidth 768; vheight 320; vthreads 12; vprofile main; vpreset medium;
        vparams { t 100; coder 1; b_strategy 2; bf 3; refs 10; }
        vfilter { i ./logo.png; filter_complex "overlay=10:10"; }
        perfile { re; rtsp_transport tcp; } iformat flv; oformat flv;`),
      '-re -rtsp_transport tcp -in 1 -f flv -i rtmp://in -i ./logo.png -filter_complex overlay=10:10 ' +
        '-vcodec libx264 -b:v 1500000 -r 25.00 -s 768x320 -aspect 768:320 -threads 12 -profile:v main -preset medium ' +
        '-t 100 -coder 1 -b_strategy 2 -bf 3 -refs 10 ' +
        '-acodec libfdk_aac -b:a 70000 -ar 44100 -ac 2 -profile:a aac_low -out 2 -f flv',
    );
  });

  const frame = (middle: string) => `-in 1 -f flv -i rtmp://in ${middle} -out 2 -f flv`;
  test.each([
    ['copy', copy, frame('-vcodec copy -acodec copy')],
    ['nothing but codecs', coded, frame('-vcodec libx264 -acodec aac')],
    ['no video', 'vcodec vn; acodec aac;', frame('-vn -acodec aac')],
    ['no audio', 'vcodec copy; acodec an;', frame('-vcodec copy -an')],
    [
      'a copied video takes no options of the video',
      `vcodec copy; acodec aac; vbitrate 5; vfps 1; vwidth 4; vheight 4; vthreads 1; vprofile p; vpreset q; vparams { g 1; }`,
      frame('-vcodec copy -acodec aac'),
    ],
    [
      'a copied audio takes no options of the audio',
      'vcodec copy; acodec copy; abitrate 5; asample_rate 8000; achannels 1; aparams { profile:a x; }',
      frame('-vcodec copy -acodec copy'),
    ],
    [
      'but the filter that copying needs (2+)',
      'vcodec copy; acodec copy; aparams { bsf:a aac_adtstoasc; profile:a x; }',
      frame('-vcodec copy -acodec copy -bsf:a aac_adtstoasc'),
    ],
    ['vbitrate', `${coded} vbitrate 0.5;`, frame('-vcodec libx264 -b:v 500 -acodec aac')],
    ['vfps', `${coded} vfps 29.97;`, frame('-vcodec libx264 -r 29.97 -acodec aac')],
    ['odd sizes', `${coded} vwidth 321; vheight 181;`, frame('-vcodec libx264 -s 320x180 -aspect 320:180 -acodec aac')],
    ['a width alone', `${coded} vwidth 320;`, frame('-vcodec libx264 -acodec aac')],
    ['vthreads', `${coded} vthreads 2;`, frame('-vcodec libx264 -threads 2 -acodec aac')],
    ['vprofile', `${coded} vprofile high;`, frame('-vcodec libx264 -profile:v high -acodec aac')],
    ['vpreset', `${coded} vpreset slow;`, frame('-vcodec libx264 -preset slow -acodec aac')],
    ['vparams', `${coded} vparams { g 50; flag; }`, frame('-vcodec libx264 -g 50 -flag -acodec aac')],
    ['abitrate', `${coded} abitrate 64;`, frame('-vcodec libx264 -acodec aac -b:a 64000')],
    ['asample_rate', `${coded} asample_rate 44100;`, frame('-vcodec libx264 -acodec aac -ar 44100')],
    ['achannels', `${coded} achannels 1;`, frame('-vcodec libx264 -acodec aac -ac 1')],
    ['aparams', `${coded} aparams { cutoff 1; }`, frame('-vcodec libx264 -acodec aac -cutoff 1')],
    ['perfile', `${copy} perfile { re; }`, `-re ${frame('-vcodec copy -acodec copy')}`],
    ['vfilter', `${copy} vfilter { vf "crop=2:2"; }`, frame('-vf crop=2:2 -vcodec copy -acodec copy')],
    ['iformat off', `${copy} iformat off;`, '-in 1 -i rtmp://in -vcodec copy -acodec copy -out 2 -f flv'],
    ['iformat', `${copy} iformat live_flv;`, '-in 1 -f live_flv -i rtmp://in -vcodec copy -acodec copy -out 2 -f flv'],
    ['oformat off', `${copy} oformat off;`, '-in 1 -f flv -i rtmp://in -vcodec copy -acodec copy -out 2'],
    ['oformat', `${copy} oformat mpegts;`, '-in 1 -f flv -i rtmp://in -vcodec copy -acodec copy -out 2 -f mpegts'],
  ])('%s', (_, directives, want) => assert.equal(line(directives), want));

  test('a value is one argument, whatever it holds', () => {
    const list = args(`${coded} vfilter { vf "drawtext=text='a b; c':x=10"; }`);
    assert.include(list, "drawtext=text='a b; c':x=10");
  });
});

test('ff_log_level', () =>
  assert.include(ffmpegArguments(engineOf(copy), input, output, 'debug').join(' '), '-loglevel level+debug '));
