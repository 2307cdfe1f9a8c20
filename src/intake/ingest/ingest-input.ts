import { access, constants, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { EngineConfig, IngestConfig } from '../../config/index.js';
import { errnoOf, reasonOf, SystemError } from '../../kernel/index.js';
import type { Place } from '../../stream/index.js';

type Input = IngestConfig['input'];

/**
 * The input as ffmpeg gets it. A file is read in real time and begun again at its end by the same ffmpeg, whose times go on,
 * so that players see no gap. So is a playlist of HLS read in real time: its segments come at once, and between two of
 * them an encoder would be silent for longer than `publish { normal_timeout }`.
 */
export function ingestInput({ type, url }: Input): Place {
  if (type === 'file') return { options: ['-re', '-stream_loop', '-1'], url };
  return { options: /\.m3u8(\?|$)/i.test(url) ? ['-re'] : [], url };
}

const SCHEME = /^[a-z][a-z0-9+.-]*[:,]/i;

/**
 * Looks for a file before ffmpeg does, which would begin and end again and again. Not where the text may be something
 * else: a URL, a pattern (`%03d`), or whatever an `iformat` makes of it.
 * @throws {SystemError} PROGRAM
 */
export async function checkFile({ type, url }: Input, { iformat }: EngineConfig): Promise<void> {
  const isPlain = type === 'file' && !SCHEME.test(url) && !url.includes('%');
  if (!isPlain || (iformat !== '' && iformat !== 'off')) return;
  const why = await faultOf(url);
  if (why === undefined) return;
  const whole = resolve(url);
  const file = whole === url ? url : `${url} (${whole})`;
  throw new SystemError('PROGRAM', `cannot ingest ${file}: ${why}`);
}

async function faultOf(file: string): Promise<string | undefined> {
  try {
    if ((await stat(file)).isDirectory()) return 'it is a directory';
    await access(file, constants.R_OK);
    return undefined;
  } catch (error) {
    return errnoOf(error) === 'ENOENT' ? 'no such file' : reasonOf(error);
  }
}
