import type { EngineConfig } from '../../config/index.js';

/** Where ffmpeg reads or writes: a URL or file, and the options that belong to it. */
export interface Place {
  readonly options: readonly string[];
  readonly url: string;
}

type Pairs = EngineConfig['vfilter'];

/**
 * The arguments of ffmpeg for an engine, in the order of spec/media.md §1.4: what is asked of the video only where it
 * is encoded, of the audio likewise. Its progress goes to file descriptor 3, every line of its log begins with a level.
 */
export function ffmpegArguments(engine: EngineConfig, input: Place, output: Place, logLevel: string): string[] {
  const { iformat, oformat, vcodec, acodec } = engine;
  return [
    ...['-hide_banner', '-nostdin', '-nostats', '-loglevel', `level+${logLevel}`, '-progress', 'pipe:3'],
    ...options(engine.perfile),
    ...input.options,
    ...format(iformat),
    ...['-i', input.url],
    ...options(engine.vfilter),
    ...(vcodec === 'vn' ? ['-vn'] : ['-vcodec', vcodec, ...(vcodec === 'copy' ? [] : videoOptions(engine))]),
    ...(acodec === 'an' ? ['-an'] : ['-acodec', acodec, ...audioOptions(engine)]),
    ...output.options,
    ...format(oformat),
    ...['-y', output.url],
  ];
}

const format = (name: string): string[] => (name === '' || name === 'off' ? [] : ['-f', name]);

const options = (pairs: Pairs): string[] =>
  pairs.flatMap(([name, value]) => (value === '' ? [`-${name}`] : [`-${name}`, value]));

/** An option whose value is not 0 or ''. */
const given = (name: string, value: number | string): string[] =>
  value === 0 || value === '' ? [] : [name, String(value)];

const bits = (kbps: number): number => Math.round(kbps * 1000);
const even = (pixels: number): number => pixels - (pixels % 2);

function videoOptions({
  vbitrate,
  vfps,
  vwidth,
  vheight,
  vthreads,
  vprofile,
  vpreset,
  vparams,
}: EngineConfig): string[] {
  const width = even(vwidth);
  const height = even(vheight);
  return [
    ...given('-b:v', bits(vbitrate)),
    ...(vfps > 0 ? ['-r', vfps.toFixed(2)] : []),
    ...(width > 0 && height > 0 ? ['-s', `${width}x${height}`, '-aspect', `${width}:${height}`] : []),
    ...given('-threads', vthreads),
    ...given('-profile:v', vprofile),
    ...given('-preset', vpreset),
    ...options(vparams),
  ];
}

function audioOptions({ acodec, abitrate, asampleRate, achannels, aparams }: EngineConfig): string[] {
  // What comes out of a transport stream needs this filter to be copied into FLV.
  if (acodec === 'copy') return options(aparams.filter(([name, value]) => `${name} ${value}` === BSF));
  return [
    ...given('-b:a', bits(abitrate)),
    ...given('-ar', asampleRate),
    ...given('-ac', achannels),
    ...options(aparams),
  ];
}

const BSF = 'bsf:a aac_adtstoasc';
