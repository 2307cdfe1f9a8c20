import { run } from './run.js';

/**
 * Decodes the first `seconds` of a file or URL with ffmpeg.
 * @returns what ffmpeg has to complain about, a line each; empty when all is well.
 */
export async function decodeComplaints(url: string, seconds = 10): Promise<string[]> {
  const args = ['-v', 'error', '-i', url, '-t', `${seconds}`, '-f', 'null', '-'];
  const end = await run('ffmpeg', args, { timeoutMs: seconds * 1000 + 30_000 });
  const lines = end.stderr.split('\n').filter((line) => line.trim() !== '');
  if (end.code !== 0) lines.push(`ffmpeg ended with ${end.code ?? end.signal}`);
  return lines;
}
