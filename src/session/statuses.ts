import { AmfObject, type AmfValue } from '../protocol/amf/index.js';
import { command, data, type OutMessage } from '../protocol/rtmp/index.js';

/** Message stream that every publisher and player of this server uses (spec/rtmp.md §6: the id is always 1). */
export const STREAM_ID = 1;
/** For a client that wants another stream while it publishes: so its media can be told apart. */
export const SPARE_STREAM_ID = 2;
const CLIENT_ID = 'ASAICiss';
const STREAM_CSID = 5;

const onStream = (streamId: number) => ({ csid: STREAM_CSID, streamId });

type Level = 'status' | 'error';

function status(
  level: Level,
  code: string,
  description: string,
  more: Readonly<Record<string, AmfValue>> = {},
  streamId = STREAM_ID,
) {
  const info = AmfObject.of({ level, code, description, ...more, clientid: CLIENT_ID });
  return command('onStatus', 0, [null, info], onStream(streamId));
}

/** `_result` of a call that has something to return. */
export const result = (transactionId: number, ...values: AmfValue[]): OutMessage =>
  command('_result', transactionId, [null, ...values], {});

export const playReset = (): OutMessage =>
  status('status', 'NetStream.Play.Reset', 'Playing and resetting stream.', { details: 'stream' });

export const playStart = (): OutMessage =>
  status('status', 'NetStream.Play.Start', 'Started playing stream.', { details: 'stream' });

/** Lets Flash players read samples: video, then audio. */
export const sampleAccess = (): OutMessage =>
  data(['|RtmpSampleAccess', true, true], { streamId: STREAM_ID, csid: STREAM_CSID });

export const dataStart = (): OutMessage =>
  data(['onStatus', AmfObject.of({ code: 'NetStream.Data.Start' })], { streamId: STREAM_ID, csid: STREAM_CSID });

/** The server ends a connection that it had accepted. */
export const connectClosed = (why: string): OutMessage => status('error', 'NetConnection.Connect.Closed', why);

export const pauseNotify = (): OutMessage => status('status', 'NetStream.Pause.Notify', 'Paused stream.');

export const unpauseNotify = (): OutMessage => status('status', 'NetStream.Unpause.Notify', 'Unpaused stream.');

/** ffmpeg with `-ss` waits for it. */
export const seekNotify = (): OutMessage =>
  status('status', 'NetStream.Seek.Notify', 'A live stream goes on where it is.');

export const publishStart = (streamId: number): OutMessage =>
  status('status', 'NetStream.Publish.Start', 'Started publishing stream.', {}, streamId);

export const onFcPublish = (streamId: number): OutMessage =>
  command(
    'onFCPublish',
    0,
    [null, AmfObject.of({ code: 'NetStream.Publish.Start', description: 'Started publishing stream.' })],
    onStream(streamId),
  );

export const onFcUnpublish = (streamId: number): OutMessage =>
  command(
    'onFCUnpublish',
    0,
    [null, AmfObject.of({ code: 'NetStream.Unpublish.Success', description: 'Stop publishing stream.' })],
    onStream(streamId),
  );

export const fcUnpublishResult = (transactionId: number, streamId: number): OutMessage =>
  command('_result', transactionId, [null, undefined], onStream(streamId));

export const unpublishSuccess = (streamId: number): OutMessage =>
  status('status', 'NetStream.Unpublish.Success', 'Stream is now unpublished', {}, streamId);

/** Answers that go before a close, so that encoders and players can tell their user why. */
export const connectRejected = (transactionId: number, description: string): OutMessage =>
  command(
    '_error',
    transactionId,
    [null, AmfObject.of({ level: 'error', code: 'NetConnection.Connect.Rejected', description })],
    {},
  );

export const publishRefused = (busy: boolean, description: string, streamId: number): OutMessage =>
  status('error', busy ? 'NetStream.Publish.BadName' : 'NetStream.Publish.Denied', description, {}, streamId);

/** The answer to releaseStream or FCPublish of a name that the connection cannot publish. */
export const nameRefused = (transactionId: number, description: string): OutMessage =>
  command(
    '_error',
    transactionId,
    [null, AmfObject.of({ level: 'error', code: 'NetStream.Publish.BadName', description })],
    {},
  );

export const playRefused = (description: string): OutMessage =>
  status('error', 'NetStream.Play.StreamNotFound', description);

/** It cannot play now, and the connection goes on. */
export const playFailed = (description: string, streamId: number): OutMessage =>
  status('error', 'NetStream.Play.Failed', description, {}, streamId);
