import * as HlsParser from 'hls-parser';
import type { MediaMessage, RtmpClient } from '../../src/link/index.js';

export interface Listed {
  readonly uri: string;
  readonly duration: number;
  readonly discontinuity: boolean;
}

export interface Playlist {
  readonly target: number;
  readonly sequence: number;
  readonly discontinuities: number;
  readonly ended: boolean;
  readonly segments: Listed[];
}

/** A media playlist as another project's parser reads it. */
export function readPlaylist(text: string): Playlist {
  const list = HlsParser.parse(text);
  if (list.isMasterPlaylist) throw new Error('a master playlist');
  const media = list as HlsParser.types.MediaPlaylist;
  return {
    target: media.targetDuration,
    sequence: media.mediaSequenceBase ?? 0,
    discontinuities: media.discontinuitySequenceBase ?? 0,
    ended: media.endlist,
    segments: media.segments.map((s) => ({
      uri: s.uri,
      duration: s.duration,
      discontinuity: s.discontinuity === true,
    })),
  };
}

/** The playlist of a live stream. @returns undefined for 404. */
export async function fetchPlaylist(url: string): Promise<Playlist | undefined> {
  const reply = await fetch(url);
  if (reply.status === 404) return undefined;
  return readPlaylist(await reply.text());
}

export const fetchBytes = async (url: string): Promise<Buffer> => Buffer.from(await (await fetch(url)).arrayBuffer());

/** Sends messages as fast as it goes, at `start` of the encoder's clock. */
export async function send(client: RtmpClient, messages: readonly MediaMessage[], start = 0): Promise<void> {
  for (const m of messages) {
    client.send({ ...m, timestamp: m.kind === 'data' ? 0 : (m.timestamp + start) % 2 ** 32 });
    if (!client.writable) await new Promise((next) => setTimeout(next, 5));
  }
}
