import { crc32 } from './crc32.js';
import { PACKET_BYTES, Pid, SYNC } from './tables.js';
import type { TsEvent, TsPacket, TsTable } from './ts-events.js';

interface OpenPes {
  readonly packet: TsPacket;
  /** The first bytes: no more are looked at. */
  head: Uint8Array;
  packets: number;
  bytes: number;
}

const NULL_PID = 0x1fff;
const PES_HEAD = 19;
const MAX_SECTION = 1024;
const EMPTY = new Uint8Array(0);

/** Takes a transport stream apart, from any source: whatever comes in, it goes on at the next packet. */
export class TsReader {
  #left: Uint8Array = EMPTY;
  #index = 0;
  #skipped = 0;
  #inSync = false;
  readonly #counters = new Map<number, number>();
  readonly #pes = new Map<number, OpenPes>();
  readonly #sections = new Map<number, Uint8Array>();
  readonly #maps = new Set<number>();
  readonly #types = new Map<number, number>();
  #out: TsEvent[] = [];

  /** @param bytes any slice of the stream. @returns what became clear with it, in order. */
  push(bytes: Uint8Array): TsEvent[] {
    const all = this.#left.length === 0 ? bytes : concat(this.#left, bytes);
    let from = 0;
    for (;;) {
      const here = from + PACKET_BYTES;
      if (this.#inSync ? here > all.length : here >= all.length) break;
      // To find packets takes two in a row: a lone 0x47 in garbage is none.
      if (all[from] === SYNC && (this.#inSync || all[here] === SYNC)) {
        this.#packet(all.subarray(from, here));
        from = here;
      } else {
        this.#inSync = false;
        this.#skipped++;
        from++;
      }
    }
    this.#left = all.slice(from);
    return this.#taken();
  }

  /** The stream is over. */
  end(): TsEvent[] {
    const isWhole = this.#left.length === PACKET_BYTES && this.#left[0] === SYNC;
    if (isWhole) this.#packet(this.#left);
    else this.#skipped += this.#left.length;
    this.#left = EMPTY;
    this.#tellSkipped();
    for (const pid of [...this.#pes.keys()]) this.#endPes(pid);
    return this.#taken();
  }

  #tellSkipped(): void {
    if (this.#skipped > 0) this.#fault(`${this.#skipped} bytes are no packet`);
    this.#skipped = 0;
  }

  #taken(): TsEvent[] {
    const out = this.#out;
    this.#out = [];
    return out;
  }

  #fault(text: string): void {
    this.#out.push({ kind: 'fault', index: this.#index, text });
  }

  #packet(p: Uint8Array): void {
    this.#tellSkipped();
    this.#inSync = true;
    const pid = ((at(p, 1) & 0x1f) << 8) | at(p, 2);
    const control = at(p, 3) >> 4;
    const hasPayload = (control & 1) !== 0;
    const flags = (control & 2) !== 0 && at(p, 4) > 0 ? at(p, 5) : 0;
    const from = (control & 2) !== 0 ? 5 + at(p, 4) : 4;
    if ((at(p, 1) & 0x80) !== 0) this.#fault(`pid ${hex(pid)}: marked as damaged`);
    if (from > PACKET_BYTES) this.#fault(`pid ${hex(pid)}: adaptation field of ${at(p, 4)} bytes`);
    const payload = hasPayload ? p.subarray(Math.min(from, PACKET_BYTES)) : EMPTY;
    const packet: TsPacket = {
      kind: 'packet',
      index: this.#index,
      pid,
      start: (at(p, 1) & 0x40) !== 0,
      counter: at(p, 3) & 0x0f,
      payload: payload.length,
      pcr: (flags & 0x10) !== 0 ? readPcr(p, 6) : undefined,
      randomAccess: (flags & 0x40) !== 0,
    };
    if (pid !== NULL_PID) this.#count(packet, hasPayload, (flags & 0x80) !== 0);
    this.#out.push(packet);
    if (pid === Pid.pat || this.#maps.has(pid)) this.#section(packet, payload);
    else if (pid !== NULL_PID && hasPayload) this.#media(packet, payload);
    this.#index++;
  }

  /** Counters go on by one where there is payload; a packet may come twice; a marked break may do anything (§2.4.3.3). */
  #count({ pid, counter }: TsPacket, hasPayload: boolean, isBreak: boolean): void {
    const before = this.#counters.get(pid);
    this.#counters.set(pid, counter);
    if (before === undefined || isBreak || counter === before) return;
    if (hasPayload && counter === ((before + 1) & 0x0f)) return;
    this.#fault(`pid ${hex(pid)}: counter ${before} is followed by ${counter}`);
  }

  #media(packet: TsPacket, payload: Uint8Array): void {
    const { pid, start } = packet;
    if (start) {
      this.#endPes(pid);
      this.#pes.set(pid, { packet, head: EMPTY, packets: 0, bytes: 0 });
    }
    const pes = this.#pes.get(pid);
    if (pes === undefined) return;
    pes.packets++;
    pes.bytes += payload.length;
    if (pes.head.length < PES_HEAD) pes.head = concat(pes.head, payload).slice(0, PES_HEAD);
  }

  #endPes(pid: number): void {
    const pes = this.#pes.get(pid);
    if (pes === undefined) return;
    this.#pes.delete(pid);
    const { packet, head, packets, bytes } = pes;
    const { index, pcr, randomAccess } = packet;
    if (head.length < 6 || at(head, 0) !== 0 || at(head, 1) !== 0 || at(head, 2) !== 1) {
      // What the map does not name may be tables of other standards, such as the names of services.
      if (this.#types.has(pid))
        this.#out.push({ kind: 'fault', index, text: `pid ${hex(pid)}: no PES packet begins here` });
      return;
    }
    const stamps = at(head, 7) >> 6;
    const said = (at(head, 4) << 8) | at(head, 5);
    if (said !== 0 && said + 6 !== bytes)
      this.#out.push({ kind: 'fault', index, text: `pid ${hex(pid)}: PES packet of ${said + 6} bytes has ${bytes}` });
    const pts = (stamps & 2) !== 0 && head.length >= 14 ? readStamp(head, 9) : undefined;
    const dts = stamps === 3 && head.length >= 19 ? readStamp(head, 14) : pts;
    const streamType = this.#types.get(pid);
    this.#out.push({
      kind: 'pes',
      index,
      pid,
      streamId: at(head, 3),
      streamType,
      packets,
      bytes,
      pts,
      dts,
      pcr,
      randomAccess,
    });
  }

  #section({ pid, start, index }: TsPacket, payload: Uint8Array): void {
    const before = this.#sections.get(pid);
    if (start) this.#sections.set(pid, payload.slice(1 + at(payload, 0)));
    else if (before !== undefined && before.length < MAX_SECTION) this.#sections.set(pid, concat(before, payload));
    const bytes = this.#sections.get(pid);
    if (bytes === undefined || bytes.length < 3) return;
    const length = 3 + (((at(bytes, 1) & 0x0f) << 8) | at(bytes, 2));
    if (bytes.length < length) return;
    this.#sections.delete(pid);
    const section = bytes.subarray(0, length);
    if (length < 12 || crc32(section) !== 0) return this.#fault(`pid ${hex(pid)}: damaged table`);
    this.#out.push(pid === Pid.pat ? this.#pat(section, index) : this.#pmt(section, index, pid));
  }

  #pat(section: Uint8Array, index: number): TsTable {
    const entries = new Map<number, number>();
    for (let i = 8; i + 8 <= section.length; i += 4) {
      const program = (at(section, i) << 8) | at(section, i + 1);
      const pid = ((at(section, i + 2) & 0x1f) << 8) | at(section, i + 3);
      entries.set(program, pid);
      // Program 0 is the network table.
      if (program !== 0) this.#maps.add(pid);
    }
    return { kind: 'table', index, pid: Pid.pat, entries, pcrPid: undefined };
  }

  #pmt(section: Uint8Array, index: number, pid: number): TsTable {
    const entries = new Map<number, number>();
    const info = ((at(section, 10) & 0x0f) << 8) | at(section, 11);
    for (let i = 12 + info; i + 9 <= section.length; ) {
      const media = ((at(section, i + 1) & 0x1f) << 8) | at(section, i + 2);
      entries.set(media, at(section, i));
      this.#types.set(media, at(section, i));
      i += 5 + (((at(section, i + 3) & 0x0f) << 8) | at(section, i + 4));
    }
    return { kind: 'table', index, pid, entries, pcrPid: ((at(section, 8) & 0x1f) << 8) | at(section, 9) };
  }
}

const at = (bytes: Uint8Array, index: number): number => bytes[index] ?? 0;
const hex = (pid: number): string => `0x${pid.toString(16)}`;

function concat(a: Uint8Array, b: Uint8Array): Uint8Array {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}

/** 33 bits do not survive JavaScript's 32-bit operators. */
const readPcr = (p: Uint8Array, i: number): number =>
  at(p, i) * 2 ** 25 + at(p, i + 1) * 2 ** 17 + at(p, i + 2) * 2 ** 9 + at(p, i + 3) * 2 + (at(p, i + 4) >> 7);

const readStamp = (p: Uint8Array, i: number): number =>
  ((at(p, i) >> 1) & 7) * 2 ** 30 +
  (((at(p, i + 1) << 8) | at(p, i + 2)) >> 1) * 2 ** 15 +
  (((at(p, i + 3) << 8) | at(p, i + 4)) >> 1);
