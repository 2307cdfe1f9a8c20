import type { ConfigOf, DirectiveTable } from '../table.js';

const onlyCoded = 'Not with copy or none of that kind.';

/** What may stand in `engine NAME { … }`: the arguments of one ffmpeg, in the order in which they are given to it. */
export const engine = {
  enabled: { type: 'onoff', default: false, reload: 'live', doc: 'Run this engine.' },
  perfile: {
    type: 'pairs',
    default: [],
    reload: 'live',
    since: 3,
    doc: 'Options before the input: -NAME VALUE each.',
  },
  iformat: {
    type: 'string',
    default: 'flv',
    reload: 'live',
    doc: 'Format of the input, -f. off: ffmpeg finds out.',
  },
  vfilter: {
    type: 'pairs',
    default: [],
    reload: 'live',
    doc: 'Filters and further inputs, right after the input: -NAME VALUE each, such as i ./logo.png; filter_complex "overlay=10:10".',
  },
  vcodec: {
    type: 'string',
    default: '',
    reload: 'live',
    doc: 'Encoder of the video, -vcodec: libx264 or any other that ffmpeg has; copy: as it comes; vn: no video.',
  },
  vbitrate: {
    type: 'number',
    default: 0,
    max: 1_000_000,
    reload: 'live',
    doc: `kbps of the video, -b:v. 0: as ffmpeg likes. ${onlyCoded}`,
  },
  vfps: { type: 'number', default: 0, max: 1000, reload: 'live', doc: `Frames per second, -r. 0: as in the input.` },
  vwidth: {
    type: 'integer',
    default: 0,
    max: 16_384,
    reload: 'live',
    doc: 'Width of the picture, -s and -aspect; an odd one is made even. 0 here or for the height: as in the input.',
  },
  vheight: { type: 'integer', default: 0, max: 16_384, reload: 'live', doc: 'Height of the picture.' },
  vthreads: {
    type: 'integer',
    default: 0,
    max: 1024,
    reload: 'live',
    doc: 'Threads of the encoder, -threads. 0: as ffmpeg likes.',
  },
  vprofile: {
    type: 'string',
    default: '',
    reload: 'live',
    doc: 'Profile of the encoder, -profile:v: baseline, main, high.',
  },
  vpreset: { type: 'string', default: '', reload: 'live', doc: 'Preset of the encoder, -preset: ultrafast … placebo.' },
  vparams: {
    type: 'pairs',
    default: [],
    reload: 'live',
    doc: `Further options of the video: -NAME VALUE each. ${onlyCoded}`,
  },
  acodec: {
    type: 'string',
    default: '',
    reload: 'live',
    doc: 'Encoder of the audio, -acodec: aac or any other that ffmpeg has; copy: as it comes; an: no audio.',
  },
  abitrate: {
    type: 'number',
    default: 0,
    max: 10_000,
    reload: 'live',
    doc: 'kbps of the audio, -b:a. 0: as ffmpeg likes.',
  },
  asample_rate: {
    type: 'integer',
    default: 0,
    max: 384_000,
    reload: 'live',
    doc: 'Samples per second, -ar. 0: as in the input.',
  },
  achannels: { type: 'integer', default: 0, max: 8, reload: 'live', doc: 'Channels, -ac. 0: as in the input.' },
  aparams: {
    type: 'pairs',
    default: [],
    reload: 'live',
    doc: `Further options of the audio: -NAME VALUE each. ${onlyCoded} With copy only bsf:a aac_adtstoasc counts.`,
  },
  oformat: {
    type: 'string',
    default: 'flv',
    reload: 'live',
    doc: 'Format of the output, -f. off: ffmpeg takes it from the output.',
  },
  output: {
    type: 'string',
    default: '',
    reload: 'live',
    doc: 'Where the result goes. [vhost], [app], [stream] and [param] stand for what is published, [port] for the port it came to, [engine] for the name of the engine.',
  },
} as const satisfies DirectiveTable;

export type EngineConfig = { readonly name: string } & ConfigOf<typeof engine>;
