/** What is wrong with a transport stream, packet by packet; and what is in it. */
export interface TsReport {
  readonly faults: string[];
  /** PTS and DTS in 90 kHz, as on the wire, by PID. */
  readonly stamps: ReadonlyMap<number, Array<{ pts: number; dts: number }>>;
  readonly pcrs: number[];
  readonly pids: ReadonlySet<number>;
}

const stamp = (b: Buffer, at: number): number =>
  (((b[at] as number) >> 1) & 7) * 2 ** 30 + ((b.readUInt16BE(at + 1) >> 1) * 2 ** 15 + (b.readUInt16BE(at + 3) >> 1));

/** @param counters continuity counters of what came before, by PID; goes on from there. */
export function checkTs(ts: Buffer, counters = new Map<number, number>()): TsReport {
  const faults: string[] = [];
  const stamps = new Map<number, Array<{ pts: number; dts: number }>>();
  const pcrs: number[] = [];
  const pids = new Set<number>();
  if (ts.length % 188 !== 0) faults.push(`length ${ts.length} is no multiple of 188`);
  for (let at = 0; at + 188 <= ts.length; at += 188) {
    if (ts[at] !== 0x47) faults.push(`no sync at ${at}`);
    const pid = ts.readUInt16BE(at + 1) & 0x1fff;
    const start = ((ts[at + 1] as number) & 0x40) !== 0;
    const control = ((ts[at + 3] as number) >> 4) & 3;
    const counter = (ts[at + 3] as number) & 15;
    pids.add(pid);
    const before = counters.get(pid);
    if ((control & 1) !== 0) {
      if (before !== undefined && counter !== ((before + 1) & 15))
        faults.push(`pid ${pid}: counter ${before} → ${counter}`);
      counters.set(pid, counter);
    } else if (before !== undefined && counter !== before) faults.push(`pid ${pid}: counter moved without payload`);
    let body = at + 4;
    if ((control & 2) !== 0) {
      const length = ts[body] as number;
      if (length > 183) faults.push(`adaptation field of ${length}`);
      if (length > 0 && ((ts[body + 1] as number) & 0x10) !== 0)
        pcrs.push(ts.readUInt32BE(body + 2) * 2 + ((ts[body + 6] as number) >> 7));
      body += 1 + length;
    }
    if (!start || (control & 1) === 0 || pid === 0 || pid === 0x1001) continue;
    if (ts.readUIntBE(body, 3) !== 1) faults.push(`no PES start on pid ${pid}`);
    const pts = stamp(ts, body + 9);
    const list = stamps.get(pid) ?? [];
    stamps.set(pid, list);
    list.push({ pts, dts: ((ts[body + 7] as number) & 0x40) !== 0 ? stamp(ts, body + 14) : pts });
  }
  return { faults, stamps, pcrs, pids };
}

/** `a - b` of 33-bit times. */
const apart = (a: number, b: number): number => ((((a - b) % 2 ** 33) + 2 ** 33 + 2 ** 32) % 2 ** 33) - 2 ** 32;

/** Whether the first packet of a PID in which a PES packet begins is marked as a place to start from. */
function beginsAtRandomAccess(ts: Buffer, pid: number): boolean {
  for (let at = 0; at + 188 <= ts.length; at += 188)
    if ((ts.readUInt16BE(at + 1) & 0x5fff) === (0x4000 | pid))
      return (
        ((ts[at + 3] as number) & 0x20) !== 0 && (ts[at + 4] as number) > 0 && ((ts[at + 5] as number) & 0x40) !== 0
      );
  return true;
}

/** Segments of one stream, one after the other: what no single one shows. */
export class SegmentCheck {
  readonly faults: string[] = [];
  readonly #counters = new Map<number, number>();
  readonly #last = new Map<number, number>();
  #pcr: number | undefined;

  /** @param keyless video may begin anywhere. */
  add(name: string, ts: Buffer, keyless = false): void {
    const { faults, stamps, pcrs, pids } = checkTs(ts, this.#counters);
    const say = (text: string) => this.faults.push(`${name}: ${text}`);
    for (const fault of faults) say(fault);
    if ((ts.readUInt16BE(1) & 0x1fff) !== 0 || (ts.readUInt16BE(189) & 0x1fff) !== 0x1001) say('begins without tables');
    if (!keyless && !beginsAtRandomAccess(ts, 0x100)) say('begins without a key frame');
    if (pcrs.length === 0) say('no clock');
    for (const pcr of pcrs) {
      const step = this.#pcr === undefined ? 0 : apart(pcr, this.#pcr);
      if (step < 0 || step > 9000) say(`clock moves by ${step}`);
      this.#pcr = pcr;
    }
    for (const [pid, list] of stamps)
      for (const { pts, dts } of list) {
        const before = this.#last.get(pid);
        if (before !== undefined && apart(dts, before) <= 0) say(`pid ${pid}: ${before} is followed by ${dts}`);
        if (apart(pts, dts) < 0) say(`pid ${pid}: shown at ${pts} before it is decoded at ${dts}`);
        this.#last.set(pid, dts);
      }
    if (![0x100, 0x101, 0x102].some((pid) => pids.has(pid))) say('no media');
  }
}
