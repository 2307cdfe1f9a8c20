import { Type } from 'typebox';
import { exactly, orNull } from './common.js';

const fields = {
  role: Type.String({ description: 'pull: it comes from the origin. push: it is published here and goes there.' }),
  stream: Type.String({ description: 'Id of the stream.' }),
  stream_url: Type.String({ description: 'vhost/app/stream, as in hooks.' }),
  upstream: Type.String({ description: 'The URL at the origin that is used or tried next, without queries.' }),
  state: Type.String({
    description: 'connecting, waiting (the origin has no frame of it), live, retrying, idle (no publisher), loop.',
  }),
  alive: Type.Number({ description: 'Seconds in this state.' }),
  bytes: Type.Integer({ description: 'From or to the origin, over all connections.' }),
  reconnects: Type.Integer({ description: 'Times that it was live again.' }),
  failures: Type.Integer({ description: 'In a row.' }),
  last_error: Type.String(),
};

export const edge = exactly(fields);

export const edgeOfStream = orNull(fields);
