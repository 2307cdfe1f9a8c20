import { Type } from 'typebox';
import { exactly } from './common.js';

export const ingest = exactly({
  vhost: Type.String(),
  ingest: Type.String({ description: 'The name of the ingest block.' }),
  engine: Type.String({ description: 'The name of its engine; empty where it has none.' }),
  input: Type.String({ description: 'What is pulled, without passwords.' }),
  output: Type.String({ description: 'vhost/app/stream on this server, or a URL without keys.' }),
  state: Type.String({ description: 'starting (no progress yet), running, waiting (for the next attempt), stopped.' }),
  pid: Type.Integer({ description: '0 while none runs.' }),
  alive: Type.Number({ description: 'Seconds since this process was started.' }),
  fps: Type.Number({ description: 'Frames per second that ffmpeg reads.' }),
  speed: Type.Number({ description: 'Times real time; below 1 the source or the machine is too slow. 0: not known.' }),
  out_ms: Type.Integer({ description: 'Length of what this process has published.' }),
  restarts: Type.Integer(),
  last_error: Type.String({ description: 'Why the last run ended, or why none could begin.' }),
  error_lines: Type.Array(Type.String(), { description: 'What ffmpeg complained of last.' }),
});
