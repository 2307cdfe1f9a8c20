import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface FakeFfmpeg {
  readonly path: string;
  /** Every start so far. */
  runs(): Array<{ readonly pid: number; readonly argv: readonly string[] }>;
  /** The value behind each `-acodec` of the runs, in order: engines are told apart by it. */
  codecs(): string[];
}

/** A program that writes down its arguments, tells of progress as ffmpeg does, and reads nothing. */
export function fakeFfmpeg(dir: string): FakeFfmpeg {
  const path = join(dir, 'fake-ffmpeg');
  const log = join(dir, 'fake-ffmpeg.log');
  const script = `#!${process.execPath}
const fs = require('fs');
fs.appendFileSync(${JSON.stringify(log)}, JSON.stringify({ pid: process.pid, argv: process.argv.slice(2) }) + '\\n');
let n = 0;
setInterval(() => {
  n++;
  fs.writeSync(3, 'frame=' + n + '\\nfps=25\\nout_time_us=' + n * 100000 + '\\nspeed=1x\\nprogress=continue\\n');
}, 100);
`;
  writeFileSync(path, script, { mode: 0o755 });
  const runs = () =>
    existsSync(log)
      ? readFileSync(log, 'utf8')
          .split('\n')
          .slice(0, -1) // what comes after the last newline is still being written
          .map((line) => JSON.parse(line))
      : [];
  return {
    path,
    runs,
    codecs: () => runs().map(({ argv }: { argv: string[] }) => argv[argv.indexOf('-acodec') + 1] ?? ''),
  };
}
