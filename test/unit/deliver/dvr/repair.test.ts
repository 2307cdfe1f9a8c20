import { copyFileSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { freeze, ms } from '../../../../src/core/index.js';
import { FileMetadata } from '../../../../src/deliver/dvr/file-metadata.js';
import { FlvContent } from '../../../../src/deliver/dvr/flv-content.js';
import { repair } from '../../../../src/deliver/dvr/repair.js';
import { readAudioTag, readVideoTag } from '../../../../src/protocol/flv/index.js';
import { tag } from '../../../support/synthetic.js';

const dir = mkdtempSync(join(tmpdir(), 'srs-dvr-repair-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** A recording of 20 frames of each kind, and where it stood after each of them. */
function recording() {
  const content = new FlvContent(new FileMetadata(undefined, 20), 'full');
  const pieces: Buffer[] = [];
  const after: { size: number; duration: number }[] = [];
  const write = ({ kind, timestamp, payload: bytes }: ReturnType<typeof tag.key>): void => {
    if (kind === 'data') return;
    const payload = freeze(Buffer.from(bytes));
    const info = kind === 'video' ? readVideoTag(payload) : readAudioTag(payload);
    content.append({ kind, dts: ms(timestamp), payload, ...info }, 0);
    const batch = content.take();
    if (batch === undefined) return;
    pieces.push(batch.bytes);
    after.push(batch);
  };
  write(tag.avcConfig());
  write(tag.aacConfig());
  for (let i = 0; i < 20; i++) {
    write((i % 5 === 0 ? tag.key : tag.inter)(i * 40));
    write(tag.audio(i * 40 + 5));
  }
  return { bytes: Buffer.concat(pieces), after, content };
}

describe('a recording whose process was killed (R20)', () => {
  const { bytes, after, content } = recording();

  test('cut off anywhere, it becomes the very file that would have been closed after its last whole tag', async () => {
    const file = join(dir, 'x.flv.tmp');
    for (let length = 0; length <= bytes.length; length += 7) {
      writeFileSync(file, bytes.subarray(0, length));
      const reached = after.findLast(({ size }) => size <= length);
      const found = await repair(file);
      if (reached === undefined || reached.duration === 0) {
        // No more than headers, or one frame: how long that is nobody knows.
        if (found !== undefined) expect(found.duration).toBe(0);
        continue;
      }
      expect(found).toEqual({ bytes: reached.size, duration: reached.duration / 1000 });
      const repaired = readFileSync(file);
      expect(repaired.length).toBe(reached.size);
      const front = content.closing({ size: reached.size, duration: ms(reached.duration) });
      // The flags may name both kinds already where only one has come.
      expect(repaired.subarray(5, front.length).equals(front.subarray(5))).toBe(true);
      expect(repaired.subarray(front.length).equals(bytes.subarray(front.length, reached.size))).toBe(true);
    }
  });

  test('twice is as good as once', async () => {
    const [once, twice] = [join(dir, 'once.tmp'), join(dir, 'twice.tmp')];
    writeFileSync(once, bytes);
    truncateSync(once, bytes.length - 9);
    await repair(once);
    copyFileSync(once, twice);
    await repair(twice);
    expect(readFileSync(twice).equals(readFileSync(once))).toBe(true);
  });

  test('a recording whose metadata is not of this kind is not taken for an empty one', async () => {
    const file = join(dir, 'strange.tmp');
    const strange = Buffer.from(bytes);
    strange[bytes.indexOf('filler')] = 0x46;
    writeFileSync(file, strange);
    await expect(repair(file)).rejects.toThrow('its metadata is not that of a recording');
    expect(readFileSync(file).equals(strange)).toBe(true);
  });

  test('what was not written here is left alone', async () => {
    const file = join(dir, 'foreign.tmp');
    for (const text of ['', 'FLV', 'x'.repeat(5000)]) {
      writeFileSync(file, text);
      expect(await repair(file)).toBeUndefined();
      expect(readFileSync(file, 'utf8')).toBe(text);
    }
  });
});
