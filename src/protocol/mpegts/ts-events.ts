/** One packet of a transport stream (ISO/IEC 13818-1 §2.4.3.2). */
export interface TsPacket {
  readonly kind: 'packet';
  /** From 0; bytes that are no packets are not counted. */
  readonly index: number;
  readonly pid: number;
  /** A PES packet or a table begins in it. */
  readonly start: boolean;
  readonly counter: number;
  readonly payload: number;
  /** 90 kHz, 33 bits. */
  readonly pcr: number | undefined;
  readonly randomAccess: boolean;
}

/** The tables that say what is in a stream. */
export interface TsTable {
  readonly kind: 'table';
  readonly index: number;
  readonly pid: number;
  /** Program number → PID of its map, of a PAT; PID → stream type, of a PMT. */
  readonly entries: ReadonlyMap<number, number>;
  /** Of a PMT. */
  readonly pcrPid: number | undefined;
}

/** A PES packet that has ended: another one began, or the stream is over. */
export interface TsPes {
  readonly kind: 'pes';
  /** Of its first packet. */
  readonly index: number;
  readonly pid: number;
  readonly streamId: number;
  /** As the map has it; undefined when the map did not name the PID. */
  readonly streamType: number | undefined;
  readonly packets: number;
  /** Header and payload. */
  readonly bytes: number;
  /** 90 kHz, 33 bits. */
  readonly pts: number | undefined;
  readonly dts: number | undefined;
  readonly pcr: number | undefined;
  readonly randomAccess: boolean;
}

export interface TsFault {
  readonly kind: 'fault';
  /** Of the packet where it shows. */
  readonly index: number;
  readonly text: string;
}

export type TsEvent = TsPacket | TsTable | TsPes | TsFault;
