import { readFile } from 'node:fs/promises';
import { ms } from '../../src/core/index.js';
import { type ClientOptions, type MediaMessage, RtmpClient } from '../../src/link/index.js';
import { FlvReader, type FlvTag, TagType } from '../../src/protocol/flv/index.js';
import { type Background, background } from './run.js';

const KIND: Readonly<Record<FlvTag['type'], MediaMessage['kind']>> = {
  [TagType.audio]: 'audio',
  [TagType.video]: 'video',
  [TagType.script]: 'data',
};

/** The messages of an FLV file. */
export async function flvMessages(file: string): Promise<MediaMessage[]> {
  return new FlvReader()
    .push(await readFile(file))
    .map((tag) => ({ kind: KIND[tag.type], timestamp: tag.timestamp, payload: tag.payload }));
}

export const isConfig = (m: MediaMessage): boolean =>
  (m.kind === 'video' && m.payload[1] === 0) || (m.kind === 'audio' && m.payload[1] === 0);

/** ffmpeg pushes a file in real time, over and over. Ended after the test. */
export function pushFile(file: string, url: string, more: readonly string[] = []): Background {
  const args = ['-v', 'error', '-re', '-stream_loop', '-1', '-i', file, '-c', 'copy', ...more, '-f', 'flv', url];
  return background('ffmpeg', args);
}

/** Our own publisher, for streams that no encoder would make. */
export async function publish(url: string, options: ClientOptions = {}): Promise<RtmpClient> {
  const client = await RtmpClient.connect(url, options);
  await client.publish();
  return client;
}

export interface Recording {
  readonly client: RtmpClient;
  readonly messages: MediaMessage[];
  /** Media only: no data, no codec configurations. */
  media(): MediaMessage[];
  readonly statuses: string[];
  readonly closed: () => boolean;
  /** Resolves when `enough` says so. @throws after `within` ms. */
  until(what: string, enough: (messages: readonly MediaMessage[]) => boolean, within?: number): Promise<void>;
}

/** Plays a stream and remembers what came. */
export async function record(url: string, options: ClientOptions = {}): Promise<Recording> {
  const messages: MediaMessage[] = [];
  const statuses: string[] = [];
  let closed = false;
  let wake = () => {};
  const client = await RtmpClient.connect(url, {
    ...options,
    onMedia: (message) => {
      messages.push(message);
      wake();
    },
    onStatus: (code) => statuses.push(code),
    onClose: () => {
      closed = true;
      wake();
    },
  });
  await client.play();
  return {
    client,
    messages,
    statuses,
    closed: () => closed,
    media: () => messages.filter((m) => m.kind !== 'data' && !isConfig(m)),
    until: (what, enough, within = 10_000) =>
      new Promise((resolve, reject) => {
        const late = () => reject(new Error(`not within ${within} ms: ${what}; ${messages.length} messages came`));
        // What has come by then is read first, should this process have been held up.
        const timer = setTimeout(() => setImmediate(late), within);
        wake = () => {
          if (!enough(messages)) return;
          clearTimeout(timer);
          wake = () => {};
          resolve();
        };
        wake();
      }),
  };
}

/** Times of one kind, in the order they came. */
export const times = (messages: readonly MediaMessage[], kind: 'audio' | 'video'): number[] =>
  messages.filter((m) => m.kind === kind).map((m) => m.timestamp);

/** Whether times never go back, over the wrap of 32 bits. */
export const neverBack = (list: readonly number[]): boolean =>
  list.every((t, i) => i === 0 || ((t - (list[i - 1] as number)) | 0) >= 0);

export const pause = (delay: number): Promise<void> => new Promise((done) => setTimeout(done, ms(delay)));
