import { PACKET_BYTES, Pid, patSection, pcrPid, pmtSection, SYNC, type Tracks } from './tables.js';

const HEADER = 4;
const BODY = PACKET_BYTES - HEADER;
/** Adaptation field with a clock: length, flags, six bytes. */
const PCR_FIELD = 8;
const PES_START = 9;
const STAMP = 5;
/** The clock comes with the first unit after so long; 90 kHz. */
const PCR_EVERY = 80 * 90;
/** It must come at least every 100 ms (ISO/IEC 13818-1 §2.7.2), also between units that are further apart. */
const PCR_AT_LEAST = 100 * 90;
/** A longer gap is a leap or a pause: nothing bridges it. */
const PCR_BRIDGES = 2000 * 90;
const WRAP = 2 ** 33;

const STREAM_ID = { [Pid.video]: 0xe0, [Pid.aac]: 0xc0, [Pid.mp3]: 0xc0 } as const;

/** One access unit. Times are 90 kHz ticks that do not wrap; the wire's 33 bits do. */
export interface Unit {
  readonly pid: keyof typeof STREAM_ID;
  readonly pts: number;
  readonly dts: number;
  /** Players may start here. */
  readonly randomAccess: boolean;
}

/**
 * Writes a transport stream into a buffer that grows, packet after packet, in one pass and without an object per packet.
 * Continuity counters go on over `take`, so pieces of one stream fit together.
 */
export class TsWriter {
  #out = Buffer.allocUnsafeSlow(256 * 1024);
  #at = 0;
  #counters = new Map<number, number>();
  /** The counters as the piece at hand found them. */
  #countersBefore = new Map<number, number>();
  #tracks: Tracks | undefined;
  /** Of the map table; players look into it again only when this changes (ISO/IEC 13818-1 §2.4.4.5). */
  #version = 0;
  #lastPcr = Number.NEGATIVE_INFINITY;
  /** The clock as the piece at hand found it. */
  #lastPcrBefore = Number.NEGATIVE_INFINITY;
  /** The next unit is the first of its piece: players may begin there, so the clock comes with it. */
  #isFirst = false;
  /** By so much, in ticks, pictures and the clock are ahead of the sound: decoded earlier than the stream's time says. */
  lag = 0;

  /** Bytes written since the last `take`. */
  get length(): number {
    return this.#at;
  }

  /** Begins a piece with its own tables, so that it can be played alone. */
  begin(tracks: Tracks): void {
    this.#countersBefore = new Map(this.#counters);
    this.#lastPcrBefore = this.#lastPcr;
    this.#isFirst = true;
    const before = this.#tracks;
    if (before !== undefined && (before.video !== tracks.video || before.audio !== tracks.audio))
      this.#version = (this.#version + 1) % 32;
    this.#tracks = tracks;
    this.#section(Pid.pat, patSection());
    this.#section(Pid.pmt, pmtSection(tracks, this.#version));
  }

  /** Takes what was written. */
  take(): Buffer {
    const piece = Buffer.allocUnsafeSlow(this.#at);
    this.#out.copy(piece, 0, 0, this.#at);
    this.#at = 0;
    return piece;
  }

  /** Forgets what was written since the last `begin`: what comes next fits to what was taken before. */
  drop(): void {
    this.#counters = this.#countersBefore;
    this.#lastPcr = this.#lastPcrBefore;
    this.#at = 0;
  }

  /** Writes one access unit as one PES packet. @param parts its bytes, in order. @param length of all of them. */
  write(unit: Unit, parts: readonly Uint8Array[], length: number): void {
    const clockPid = this.#tracks === undefined ? unit.pid : pcrPid(this.#tracks);
    const clock = unit.pid === Pid.video ? unit.dts : unit.dts - this.lag;
    if (clock - this.#lastPcr <= PCR_BRIDGES)
      while (clock - this.#lastPcr > PCR_AT_LEAST) this.#clockPacket(clockPid, this.#lastPcr + PCR_EVERY);
    const isFirst = this.#isFirst;
    this.#isFirst = false;
    const due = isFirst || clock - this.#lastPcr >= PCR_EVERY;
    if (due && unit.pid !== clockPid) this.#clockPacket(clockPid, clock);
    // A lag that has just grown holds the clock until time has caught up.
    const isHeld = !isFirst && this.lag > 0 && clock < this.#lastPcr && this.#lastPcr - clock <= PCR_BRIDGES;
    const withClock = unit.pid === clockPid && !isHeld && (due || unit.randomAccess || unit.pid === Pid.video);
    if (withClock) this.#lastPcr = clock;
    this.#pes(unit, parts, length, withClock);
  }

  #pes(unit: Unit, parts: readonly Uint8Array[], length: number, withClock: boolean): void {
    const twoStamps = unit.pts !== unit.dts;
    const header = PES_START + (twoStamps ? 2 * STAMP : STAMP);
    let left = header + length;
    // Room for the worst case: every packet its header, and one adaptation field at the start.
    this.#reserve((Math.ceil((left + PCR_FIELD) / BODY) + 1) * PACKET_BYTES);
    const out = this.#out;
    let part = 0;
    let partAt = 0;
    for (let first = true; left > 0; first = false) {
      const field = first && (withClock || unit.randomAccess) ? (withClock ? PCR_FIELD : 2) : 0;
      const room = BODY - field;
      const stuffing = left < room ? room - left : 0;
      let at = this.#packetHeader(unit.pid, first, field + stuffing > 0);
      if (field + stuffing > 0) at = this.#adaptation(at, field, stuffing, first ? unit : undefined, withClock);
      let space = room - stuffing;
      left -= space;
      if (first) {
        at = this.#pesHeader(at, unit, header, length, twoStamps);
        space -= header;
      }
      while (space > 0) {
        const bytes = parts[part] as Uint8Array;
        const take = Math.min(space, bytes.length - partAt);
        out.set(partAt === 0 && take === bytes.length ? bytes : bytes.subarray(partAt, partAt + take), at);
        at += take;
        space -= take;
        partAt += take;
        if (partAt === bytes.length) {
          part++;
          partAt = 0;
        }
      }
      this.#at = at;
    }
  }

  /** @returns where the packet goes on. */
  #packetHeader(pid: number, start: boolean, adaptation: boolean): number {
    const out = this.#out;
    const at = this.#at;
    const counter = this.#counters.get(pid) ?? 0;
    this.#counters.set(pid, (counter + 1) & 0x0f);
    out[at] = SYNC;
    out[at + 1] = (start ? 0x40 : 0) | (pid >> 8);
    out[at + 2] = pid & 0xff;
    out[at + 3] = (adaptation ? 0x30 : 0x10) | counter;
    return at + HEADER;
  }

  /** @param field bytes that it must hold: 0 for none but stuffing. */
  #adaptation(at: number, field: number, stuffing: number, unit: Unit | undefined, withClock: boolean): number {
    const out = this.#out;
    const length = field + stuffing - 1;
    const end = at + 1 + length;
    out[at] = length;
    if (length === 0) return end;
    out[at + 1] = field === 0 ? 0 : (unit?.randomAccess === true ? 0x40 : 0) | (withClock ? 0x10 : 0);
    let next = at + 2;
    if (field === PCR_FIELD && unit !== undefined) {
      writePcr(out, next, unit.dts);
      next += 6;
    }
    out.fill(0xff, next, end);
    return end;
  }

  /** @see ISO/IEC 13818-1 §2.4.3.6 */
  #pesHeader(at: number, unit: Unit, header: number, length: number, twoStamps: boolean): number {
    const out = this.#out;
    // Video may be longer than the field can say: 0 means unbounded, which is allowed for video only.
    const total = header - 6 + length;
    const said = total > 0xffff ? 0 : total;
    out[at] = 0;
    out[at + 1] = 0;
    out[at + 2] = 1;
    out[at + 3] = STREAM_ID[unit.pid];
    out[at + 4] = said >> 8;
    out[at + 5] = said & 0xff;
    out[at + 6] = 0x84; // data_alignment: an access unit starts right here
    out[at + 7] = twoStamps ? 0xc0 : 0x80;
    out[at + 8] = twoStamps ? 2 * STAMP : STAMP;
    writeStamp(out, at + 9, twoStamps ? 3 : 2, unit.pts);
    if (twoStamps) writeStamp(out, at + 9 + STAMP, 1, unit.dts);
    return at + header;
  }

  /** A packet that holds the clock and nothing else; its counter does not go on (§2.4.3.3). */
  #clockPacket(pid: number, time: number): void {
    this.#reserve(PACKET_BYTES);
    const out = this.#out;
    const at = this.#at;
    out[at] = SYNC;
    out[at + 1] = pid >> 8;
    out[at + 2] = pid & 0xff;
    out[at + 3] = 0x20 | (((this.#counters.get(pid) ?? 0) + 15) & 0x0f);
    out[at + 4] = BODY - 1;
    out[at + 5] = 0x10;
    writePcr(out, at + 6, time);
    out.fill(0xff, at + 12, at + PACKET_BYTES);
    this.#at = at + PACKET_BYTES;
    this.#lastPcr = time;
  }

  #section(pid: number, section: Uint8Array): void {
    this.#reserve(PACKET_BYTES);
    const end = this.#at + PACKET_BYTES;
    const at = this.#packetHeader(pid, true, false);
    this.#out[at] = 0; // pointer field
    this.#out.set(section, at + 1);
    this.#out.fill(0xff, at + 1 + section.length, end);
    this.#at = end;
  }

  #reserve(bytes: number): void {
    if (this.#at + bytes <= this.#out.length) return;
    const bigger = Buffer.allocUnsafeSlow(Math.max(this.#out.length * 2, this.#at + bytes));
    this.#out.copy(bigger, 0, 0, this.#at);
    this.#out = bigger;
  }
}

/** 33 bits do not survive JavaScript's 32-bit operators: only `%`, `*` and division on the whole value. */
const wrapped = (ticks: number): number => ((ticks % WRAP) + WRAP) % WRAP;

/** @see §2.4.3.5: 33 bits of 90 kHz, 6 reserved bits, 9 bits of extension (always 0). */
function writePcr(out: Buffer, at: number, ticks: number): void {
  const base = wrapped(ticks);
  out.writeUInt32BE(Math.floor(base / 2), at);
  out[at + 4] = ((base % 2) << 7) | 0x7e;
  out[at + 5] = 0;
}

/** @see §2.4.3.7: 33 bits in three groups with marker bits. */
function writeStamp(out: Buffer, at: number, prefix: number, ticks: number): void {
  const value = wrapped(ticks);
  const high = Math.floor(value / 2 ** 30);
  const low = value % 2 ** 30;
  out[at] = (prefix << 4) | (high << 1) | 1;
  out[at + 1] = low >> 22;
  out[at + 2] = ((low >> 14) & 0xfe) | 1;
  out[at + 3] = (low >> 7) & 0xff;
  out[at + 4] = ((low << 1) & 0xfe) | 1;
}
