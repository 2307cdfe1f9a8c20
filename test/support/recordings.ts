import { existsSync, readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { expect } from 'vitest';
import { AmfObject, decodeAmf0All } from '../../src/protocol/amf/index.js';
import { decodeComplaints } from './decode.js';
import { type Packet, probe } from './ffprobe.js';
import { flvMessages } from './streams.js';

/** Recordings below a directory, those that are not closed too, in order. */
export const recordingsIn = (dir: string): string[] =>
  existsSync(dir)
    ? readdirSync(dir, { recursive: true, encoding: 'utf8' })
        .filter((path) => /\.flv(\.tmp)?$/.test(path))
        .sort()
    : [];

/** The onMetaData of a file. */
export async function metadataOf(file: string): Promise<AmfObject> {
  const first = (await flvMessages(file))[0];
  const [name, object] = decodeAmf0All(Buffer.from(first?.payload ?? []));
  expect(name).toBe('onMetaData');
  return object instanceof AmfObject ? object : new AmfObject();
}

/**
 * ffmpeg decodes all of a closed file without a complaint; its metadata says how long and how large it is, and its index
 * leads to key frames. @returns its packets.
 */
export async function wholeFile(file: string): Promise<Packet[]> {
  const [complaints, { packets }, metadata, bytes] = await Promise.all([
    decodeComplaints(file, 600),
    probe(file, 600),
    metadataOf(file),
    readFile(file),
  ]);
  expect(complaints).toEqual([]);
  expect(metadata.get('filesize')).toBe(bytes.length);
  const times = packets.map(({ dts }) => dts);
  const length = Math.max(...times) - Math.min(...times);
  expect(Math.abs((metadata.get('duration') as number) - length)).toBeLessThan(0.1);
  const keyframes = metadata.get('keyframes');
  const positions = keyframes instanceof AmfObject ? (keyframes.get('filepositions') as number[]) : [];
  for (const at of positions) expect([bytes[at], (bytes[at + 11] ?? 0) >> 4]).toEqual([9, 1]);
  // One more than key frames: the sequence header.
  const keys = packets.filter(({ type, isKey }) => type === 'video' && isKey).length;
  expect(positions.length).toBe(keys === 0 ? 0 : keys + 1);
  return packets;
}

/** What makes packets the same in two files, times apart. */
export const sameness = (packets: readonly Packet[], kind: Packet['type']): string[] =>
  packets.filter(({ type }) => type === kind).map(({ bytes, isKey }) => `${bytes}${isKey ? ' key' : ''}`);
