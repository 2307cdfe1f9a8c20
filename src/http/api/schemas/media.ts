import { Type } from 'typebox';
import { exactly, kbps, orNull } from './common.js';
import { edgeOfStream } from './edge.js';
import { forward } from './forward.js';
import { transcode } from './transcode.js';

const bytes = {
  send_bytes: Type.Integer({ description: 'To clients, handed to their sockets; those that left are counted.' }),
  recv_bytes: Type.Integer({ description: 'From clients; those that left are counted.' }),
};

export const vhost = exactly({
  id: Type.String(),
  name: Type.String(),
  enabled: Type.Boolean(),
  clients: Type.Integer({ description: 'Connected now, publishers included.' }),
  streams: Type.Integer({ description: 'With a publisher.' }),
  ...bytes,
  kbps,
  hls: Type.Object(
    { enabled: Type.Boolean(), fragment: Type.Optional(Type.Number({ description: 'Seconds.' })) },
    { additionalProperties: false },
  ),
});

const publish = exactly({
  active: Type.Boolean({ description: 'Somebody publishes.' }),
  cid: Type.String({ description: "The publisher's client id; empty without one." }),
  ip: Type.String(),
  alive: Type.Number({ description: 'Seconds since the publish began.' }),
});

const video = orNull({
  codec: Type.String(),
  profile: Type.String(),
  level: Type.String(),
  width: Type.Integer(),
  height: Type.Integer(),
  fps: Type.Number({ description: 'Measured over 5 s of the stream.' }),
  gop: exactly({ frames: Type.Integer(), ms: Type.Integer() }, 'The last complete group of pictures.'),
});

const audio = orNull({
  codec: Type.String(),
  sample_rate: Type.Integer(),
  channel: Type.Integer(),
  profile: Type.String(),
});

export const stream = exactly({
  id: Type.String({ description: 'As stream_id in hooks.' }),
  name: Type.String(),
  vhost: Type.String({ description: 'Id of the vhost.' }),
  app: Type.String(),
  url: Type.String({ description: '/app/stream, for a vhost with a name /vhost/app/stream.' }),
  stream_url: Type.String({ description: 'vhost/app/stream, as in hooks.' }),
  live_ms: Type.Integer({ description: 'Now, ms since 1970.' }),
  clients: Type.Integer({ description: 'Connected now, the publisher included.' }),
  viewers: Type.Integer({ description: 'Players among them.' }),
  frames: Type.Integer({ description: 'Pictures so far.' }),
  drops: Type.Integer({ description: 'Times that a slow player was taken on to a newer key frame.' }),
  ...bytes,
  kbps,
  publish,
  video,
  audio,
  edge: edgeOfStream,
  hls: orNull({
    playlist: Type.String({ description: 'Path of the playlist.' }),
    left_out: Type.Array(exactly({ codec: Type.String(), reason: Type.String() }), {
      description: 'What of the stream cannot be in it.',
    }),
  }),
  dvr: orNull({
    state: Type.String({ description: 'recording, waiting (for a key frame or the encoder), failing.' }),
    file: Type.String({ description: 'Until it is closed .tmp stands behind it; empty while there is none.' }),
    duration: Type.Number({ description: 'Of this file, seconds.' }),
    bytes: Type.Integer({ description: 'Of this file.' }),
    files: Type.Integer({ description: 'Closed so far.' }),
    failures: Type.Integer(),
    last_error: Type.String(),
  }),
  forwards: Type.Array(forward, { description: 'Where it is pushed to.' }),
  transcodes: Type.Array(transcode, { description: 'What ffmpeg makes of it.' }),
});

export const client = exactly({
  id: Type.String({ description: 'As client_id in hooks, and conn in the log.' }),
  vhost: Type.String({ description: 'Id of the vhost.' }),
  stream: Type.String({ description: 'Id of the stream; empty before it plays or publishes.' }),
  stream_url: Type.String({ description: 'vhost/app/stream, as in hooks; empty as well.' }),
  ip: Type.String(),
  pageUrl: Type.String(),
  swfUrl: Type.String(),
  tcUrl: Type.String({ description: 'These three without their queries, which may hold secrets.' }),
  url: Type.String(),
  name: Type.String({ description: 'Of the stream.' }),
  type: Type.String({
    description: 'Play, fmle-publish, flash-publish, flv-publish, edge-publish (pulled from an origin), Unknown.',
  }),
  protocol: Type.String({ description: 'rtmp, flv, ws-flv, ts, ws-ts, hls.' }),
  publish: Type.Boolean(),
  alive: Type.Number({ description: 'Seconds since it came.' }),
  send_bytes: Type.Integer({ description: 'To the client.' }),
  recv_bytes: Type.Integer({ description: 'From the client.' }),
  lag_ms: Type.Integer({ description: 'How far the next frame that it gets is behind the newest.' }),
  backlog: Type.Integer({ description: 'Bytes in the buffers of its socket, when last looked at.' }),
  drops: Type.Integer({ description: 'Times that it was too slow and taken on to a newer key frame.' }),
});
