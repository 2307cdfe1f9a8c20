import { run } from './run.js';

/** Of a stream that ffmpeg decodes well but that repeats a time, as GStreamer's flvmux does on a busy machine. */
const REPEATED_TIME = /non monotonically increasing dts to muxer|Last message repeated/;

/**
 * Decodes the first `seconds` of a file or URL with ffmpeg.
 * @param repeatedTimes the encoder may give two frames one time. @param input options of ffmpeg for the input.
 * @returns what ffmpeg has to complain about, a line each; empty when all is well.
 */
export async function decodeComplaints(
  url: string,
  seconds = 10,
  { repeatedTimes = false, input = [] }: { readonly repeatedTimes?: boolean; readonly input?: readonly string[] } = {},
): Promise<string[]> {
  const args = ['-v', 'error', ...input, '-i', url, '-t', `${seconds}`, '-f', 'null', '-'];
  const end = await run('ffmpeg', args, { timeoutMs: seconds * 1000 + 30_000 });
  const lines = end.stderr
    .split('\n')
    .filter((line) => line.trim() !== '' && !(repeatedTimes && REPEATED_TIME.test(line)));
  if (end.code !== 0) lines.push(`ffmpeg ended with ${end.code ?? end.signal}`);
  return lines;
}
