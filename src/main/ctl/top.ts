import { messageOf } from '../../kernel/index.js';
import type { ApiClient } from './api-client.js';
import { statsView, streamsView } from './views.js';

const PERIOD = 2000;
const ENTER = '\u001b[?1049h\u001b[?25l';
const LEAVE = '\u001b[?25h\u001b[?1049l';
const CTRL_C = '\u0003';
const HOME = '\u001b[H\u001b[J';

/** Server and streams, the ones with most viewers first. */
async function frame(api: ApiClient): Promise<string> {
  const [summaries, streams] = await Promise.all([api.summaries(), api.streams()]);
  const sorted = streams.toSorted((a, b) => b.viewers - a.viewers || b.kbps.recv_30s - a.kbps.recv_30s);
  return `${statsView(summaries)}\n\n${streamsView(sorted)}`;
}

/** Shows how the server is, anew every 2 s, until q or Ctrl-C; without a terminal once. */
export async function top(api: ApiClient): Promise<void> {
  const { stdin, stdout } = process;
  if (!stdout.isTTY) return console.log(await frame(api));
  const first = await frame(api); // what fails here is told on the ordinary screen
  const left = new AbortController();
  const leave = (): void => left.abort();
  process.once('SIGINT', leave).once('SIGTERM', leave);
  if (stdin.isTTY) stdin.setRawMode(true);
  stdin.on('data', (keys: Buffer) => {
    const text = keys.toString();
    if (text.includes('q') || text.includes(CTRL_C)) leave();
  });
  const show = (text: string): void => {
    const lines = text.split('\n').slice(0, stdout.rows - 1);
    stdout.write(HOME + lines.map((line) => line.slice(0, stdout.columns)).join('\n'));
  };
  stdout.write(ENTER);
  try {
    show(first);
    while (!(await pause(left.signal))) show(await frame(api).catch(messageOf));
  } finally {
    stdout.write(LEAVE);
    if (stdin.isTTY) stdin.setRawMode(false);
    stdin.pause();
  }
}

/** @returns whether it is time to leave. */
function pause(left: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      left.removeEventListener('abort', done);
      resolve(left.aborted);
    };
    const timer = setTimeout(done, PERIOD);
    left.addEventListener('abort', done);
    if (left.aborted) done();
  });
}
