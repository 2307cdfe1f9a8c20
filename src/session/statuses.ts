import { AmfObject, type AmfValue } from '../protocol/amf/index.js';
import { command, data, type OutMessage, type RtmpMessage } from '../protocol/rtmp/index.js';

/** Message stream that every publisher and player of this server uses (rtmp.md §6: the id is always 1). */
export const STREAM_ID = 1;
const CLIENT_ID = 'ASAICiss';
const STREAM_CSID = 5;

const onStream = { csid: STREAM_CSID, streamId: STREAM_ID };

type Level = 'status' | 'error';

function status(level: Level, code: string, description: string, more: Readonly<Record<string, AmfValue>> = {}) {
  const info = AmfObject.of({ level, code, description, ...more, clientid: CLIENT_ID });
  return command('onStatus', 0, [null, info], onStream);
}

/** `_result` of a call that has something to return. */
export const result = (transactionId: number, ...values: AmfValue[]): OutMessage =>
  command('_result', transactionId, [null, ...values], {});

/** The answer to a call that this server does not know. ffmpeg wants a number for the length of a stream. */
export const unknownCall = (message: Extract<RtmpMessage, { kind: 'command' }>): OutMessage =>
  result(message.transactionId, message.name === 'getStreamLength' ? 0 : null);

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

export const publishStart = (): OutMessage => status('status', 'NetStream.Publish.Start', 'Started publishing stream.');

export const onFcPublish = (): OutMessage =>
  command(
    'onFCPublish',
    0,
    [null, AmfObject.of({ code: 'NetStream.Publish.Start', description: 'Started publishing stream.' })],
    onStream,
  );

export const onFcUnpublish = (): OutMessage =>
  command(
    'onFCUnpublish',
    0,
    [null, AmfObject.of({ code: 'NetStream.Unpublish.Success', description: 'Stop publishing stream.' })],
    onStream,
  );

export const fcUnpublishResult = (transactionId: number): OutMessage =>
  command('_result', transactionId, [null, undefined], onStream);

export const unpublishSuccess = (): OutMessage =>
  status('status', 'NetStream.Unpublish.Success', 'Stream is now unpublished');

/** Answers that go before a close, so that encoders and players can tell their user why. */
export const connectRejected = (transactionId: number, description: string): OutMessage =>
  command(
    '_error',
    transactionId,
    [null, AmfObject.of({ level: 'error', code: 'NetConnection.Connect.Rejected', description })],
    {},
  );

export const publishRefused = (busy: boolean, description: string): OutMessage =>
  status('error', busy ? 'NetStream.Publish.BadName' : 'NetStream.Publish.Denied', description);

export const playRefused = (description: string): OutMessage =>
  status('error', 'NetStream.Play.StreamNotFound', description);
