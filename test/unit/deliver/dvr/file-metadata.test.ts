import { describe, expect, test } from 'vitest';
import { FileMetadata } from '../../../../src/deliver/dvr/file-metadata.js';
import { KeyIndex } from '../../../../src/deliver/dvr/key-index.js';
import { product, version } from '../../../../src/kernel/index.js';
import { AmfObject, decodeAmf0All, encodeAmf0 } from '../../../../src/protocol/amf/index.js';

const of = (record: Record<string, number | string>) => encodeAmf0('onMetaData', AmfObject.of(record));
const read = (body: Buffer): AmfObject => decodeAmf0All(body)[1] as AmfObject;
const keysOf = (count: number) => Array.from({ length: count }, (_, i) => ({ time: i * 2, position: 1000 + i }));

describe('onMetaData of a recording (spec/media.md §3.3)', () => {
  test('keeps what the stream says, but for what was another file', () => {
    const metadata = new FileMetadata(of({ width: 640, duration: 77, fileSize: 5, encoder: 'x' }), 10);
    const object = read(metadata.encode({ duration: 1.5, filesize: 99, keys: keysOf(2) }));
    expect([...object.keys()]).toEqual(['width', 'encoder', 'service', 'filesize', 'duration', 'keyframes', 'filler']);
    expect(object.get('duration')).toBe(1.5);
    expect(object.get('filesize')).toBe(99);
    const keyframes = object.get('keyframes') as AmfObject;
    expect(keyframes.get('times')).toEqual([0, 2]);
    expect(keyframes.get('filepositions')).toEqual([1000, 1001]);
    expect(object.ecma).toBe(true);
  });

  test('has one length, whatever the index', () => {
    const metadata = new FileMetadata(of({ width: 640 }), 10);
    const { length } = metadata.encode();
    for (let keys = 0; keys <= 10; keys++)
      expect(metadata.encode({ duration: keys, filesize: keys, keys: keysOf(keys) }).length).toBe(length);
  });

  test('is found again in a file, open or closed', () => {
    const metadata = new FileMetadata(of({ width: 640 }), 10);
    for (const body of [metadata.encode(), metadata.encode({ duration: 1, filesize: 2, keys: keysOf(7) })]) {
      const found = FileMetadata.of(body);
      expect(found?.room).toBe(10);
      expect(found?.encode().equals(metadata.encode())).toBe(true);
    }
    expect(FileMetadata.of(of({ width: 640 }))).toBeUndefined();
    expect(FileMetadata.of(Buffer.from('nonsense'))).toBeUndefined();
  });

  test('is found in the file of another version, and stays as long', () => {
    const own = new FileMetadata(of({ width: 640 }), 10).encode();
    const at = own.indexOf(`${product.name}/${version}`);
    const former = Buffer.from(`${product.name}/10.20.30`);
    const length = Buffer.from([0, former.length]);
    const rest = own.subarray(at + `${product.name}/${version}`.length);
    const body = Buffer.concat([own.subarray(0, at - 2), length, former, rest]);
    expect(FileMetadata.of(body)?.encode().equals(body)).toBe(true);
  });

  test('of a stream without, or with more than fits beside the index', () => {
    expect([...read(new FileMetadata(undefined, 10).encode()).keys()]).toEqual([
      'service',
      'filesize',
      'duration',
      'filler',
    ]);
    const many = of(Object.fromEntries(Array.from({ length: 9000 }, (_, i) => [`k${i}`, i])));
    expect(read(new FileMetadata(many, 3600).encode()).has('k1')).toBe(false);
  });
});

test('the index of a long file has its points further apart, all over it', () => {
  const index = new KeyIndex(8);
  for (let i = 0; i < 1000; i++) index.add({ time: i, position: i * 10 });
  const times = index.within(Number.POSITIVE_INFINITY).map(({ time }) => time);
  expect(times.length).toBeGreaterThan(4);
  expect(times.length).toBeLessThanOrEqual(8);
  expect(times[0]).toBe(0);
  const steps = new Set(times.slice(1).map((time, i) => time - (times[i] as number)));
  expect(steps.size).toBe(1);
  expect(times.at(-1)).toBeGreaterThan(800);
  expect(index.within(10).map(({ time }) => time)).toEqual([0]);
});
