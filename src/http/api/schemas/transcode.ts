import { Type } from 'typebox';
import { exactly } from './common.js';

export const transcode = exactly({
  scope: Type.String({ description: 'Of the transcode block; empty for the whole vhost.' }),
  engine: Type.String(),
  output: Type.String({ description: 'vhost/app/stream on this server, or a URL without keys.' }),
  state: Type.String({ description: 'starting (no progress yet), running, waiting (for the next attempt), stopped.' }),
  pid: Type.Integer({ description: '0 while none runs.' }),
  alive: Type.Number({ description: 'Seconds since this process was started.' }),
  fps: Type.Number({ description: 'Frames per second that ffmpeg encodes.' }),
  speed: Type.Number({ description: 'Times real time; below 1 it does not keep up. 0: not known.' }),
  out_ms: Type.Integer({ description: 'Length of what it has made.' }),
  restarts: Type.Integer(),
  last_error: Type.String({ description: 'Why the last run ended.' }),
  error_lines: Type.Array(Type.String(), { description: 'What ffmpeg complained of last.' }),
});
