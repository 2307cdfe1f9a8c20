import { Type } from 'typebox';
import { exactly } from './common.js';

export const forward = exactly({
  id: Type.String(),
  stream: Type.String({ description: 'Id of the stream.' }),
  stream_url: Type.String({ description: 'vhost/app/stream, as in hooks.' }),
  to: Type.String({ description: 'The destination, without stream keys and queries.' }),
  state: Type.String({ description: 'idle (no publisher), connecting, live, retrying, loop, paused.' }),
  alive: Type.Number({ description: 'Seconds in this state.' }),
  send_bytes: Type.Integer({ description: 'Media, over all connections.' }),
  send_30s: Type.Integer({ description: 'Mean over the last 30 s, in kbit/s.' }),
  lag_ms: Type.Integer({ description: 'How far the next frame that it gets is behind the newest.' }),
  drops: Type.Integer({ description: 'Times that it was too slow and taken on to a newer key frame.' }),
  reconnects: Type.Integer({ description: 'Times that it was live again.' }),
  failures: Type.Integer({ description: 'In a row.' }),
  last_error: Type.String(),
});
