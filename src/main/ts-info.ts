import { createReadStream } from 'node:fs';
import { reasonOf, SystemError } from '../kernel/index.js';
import { streamTypeName, type TsEvent, type TsPes, TsReader, type TsTable } from '../protocol/mpegts/index.js';

export interface TsInfoOptions {
  /** A line for every packet. */
  readonly packets?: boolean;
}

/**
 * `srs ts-info FILE`: prints the tables, PES packets and times of a transport stream, what is wrong with it, and a sum.
 * @param file `-` is the standard input. @returns 1 when something is wrong with the stream.
 * @throws {SystemError} FILE when it cannot be read.
 */
export async function tsInfo(file: string, { packets = false }: TsInfoOptions): Promise<number> {
  const reader = new TsReader();
  const sum = { packets: 0, pes: 0, faults: 0 };
  const print = (events: readonly TsEvent[]): void => {
    const lines: string[] = [];
    for (const event of events) {
      if (event.kind === 'packet') sum.packets++;
      else if (event.kind === 'pes') sum.pes++;
      else if (event.kind === 'fault') sum.faults++;
      if (event.kind !== 'packet' || packets) lines.push(`${describe(event)}\n`);
    }
    process.stdout.write(lines.join(''));
  };
  // Whoever reads the lines may have had enough of them.
  process.stdout.on('error', () => process.exit(0));
  try {
    for await (const bytes of file === '-' ? process.stdin : createReadStream(file))
      print(reader.push(bytes as Buffer));
  } catch (cause) {
    throw new SystemError('FILE', `cannot read ${file}: ${reasonOf(cause)}`, { file }, { cause });
  }
  print(reader.end());
  console.log(`${sum.packets} packets, ${sum.pes} PES packets, ${sum.faults} faults`);
  return sum.faults > 0 || sum.packets === 0 ? 1 : 0;
}

function describe(event: TsEvent): string {
  const place = `packet ${event.index}`;
  switch (event.kind) {
    case 'fault':
      return `${place}: FAULT ${event.text}`;
    case 'table':
      return `${place}: ${describeTable(event)}`;
    case 'pes':
      return `${place}: ${describePes(event)}`;
    case 'packet': {
      const { pid, counter, payload, start, randomAccess, pcr } = event;
      const marks = `${start ? ' start' : ''}${randomAccess ? ' random-access' : ''}${time(' pcr', pcr)}`;
      return `${place}: pid ${hex(pid)} counter ${counter} payload ${payload}${marks}`;
    }
    default:
      return event satisfies never;
  }
}

function describeTable({ pid, entries, pcrPid }: TsTable): string {
  if (pcrPid === undefined)
    return `PAT ${[...entries].map(([program, map]) => `program ${program} in pid ${hex(map)}`).join(', ')}`;
  const tracks = [...entries].map(([media, type]) => `${streamTypeName(type)} in pid ${hex(media)}`).join(', ');
  return `PMT in pid ${hex(pid)}: ${tracks}; clock in pid ${hex(pcrPid)}`;
}

function describePes({ pid, streamId, streamType, packets, bytes, pts, dts, pcr, randomAccess }: TsPes): string {
  const codec = streamType === undefined ? 'not in the PMT' : streamTypeName(streamType);
  const times = `${time(' pts', pts)}${time(' dts', dts)}${time(' pcr', pcr)}`;
  const marks = randomAccess ? ' random-access' : '';
  return `PES pid ${hex(pid)} ${codec} id ${hex(streamId)} ${bytes} bytes in ${packets} packets${times}${marks}`;
}

const hex = (n: number): string => `0x${n.toString(16)}`;
const time = (name: string, ticks: number | undefined): string =>
  ticks === undefined ? '' : `${name} ${(ticks / 90_000).toFixed(3)}`;
