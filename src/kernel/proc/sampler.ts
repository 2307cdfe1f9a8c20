import { readFile } from 'node:fs/promises';
import { ms } from '../../core/index.js';
import type { Clock, Timer } from '../clock.js';
import type { Service } from '../service.js';
import {
  type CpuTimes,
  type MemoryInfo,
  parseBusy,
  parseCpu,
  parseMemory,
  parseNetwork,
  parsePaging,
  parseSelfStat,
  parseSockets,
} from './parse.js';

const PERIOD = ms(3000);
/** Jiffies per second: USER_HZ is 100 on every Linux. */
const HZ = 100;

/** How the machine and this process are. Shares and rates are means since the sample before. */
export interface ProcSample {
  /** Wall clock, ms. */
  readonly at: number;
  /** Fields of /proc/self/stat; undefined where there is no /proc. */
  readonly self: Readonly<Record<string, number | string>> | undefined;
  /** Processor seconds per second: 1 is one core. */
  readonly selfCpu: number;
  readonly cpu: CpuTimes | undefined;
  /** Share of all processors that was not idle, 0…1. */
  readonly systemCpu: number;
  readonly memory: MemoryInfo | undefined;
  readonly network: { readonly received: number; readonly sent: number } | undefined;
  readonly sockets: { readonly established: number; readonly waiting: number; readonly udp: number };
  readonly disk: { readonly readKBps: number; readonly writeKBps: number; readonly busy: number };
  /** Seconds. */
  readonly uptime: number;
  readonly idle: number;
  readonly load: readonly [number, number, number];
}

interface Raw {
  readonly at: number;
  readonly cpu: CpuTimes | undefined;
  readonly selfTicks: number;
  readonly paging: { readonly read: number; readonly written: number };
  readonly busy: ReadonlyMap<string, number>;
}

/** Reads /proc every few seconds in the thread pool, so that whoever asks is answered at once. */
export class ProcSampler implements Service {
  #before: Raw | undefined;
  #latest: ProcSample | undefined;
  #timer: Timer | undefined;
  #reading: Promise<void> | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly root = '/proc',
  ) {}

  async start(): Promise<void> {
    await this.sample();
    this.#timer = this.clock.every(PERIOD, () => void this.sample());
  }

  async stop(): Promise<void> {
    this.#timer?.cancel();
    await this.#reading;
  }

  /** At most some seconds old. @throws before the start. */
  get latest(): ProcSample {
    if (this.#latest === undefined) throw new Error('/proc was not read yet');
    return this.#latest;
  }

  /** Takes a sample now; one at a time. */
  sample(): Promise<void> {
    this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async #read(): Promise<void> {
    const file = (name: string): Promise<string> => readFile(`${this.root}/${name}`, 'utf8').catch(() => '');
    const names = 'self/stat stat meminfo net/dev net/snmp net/sockstat vmstat diskstats uptime loadavg'.split(' ');
    const texts = await Promise.all(names.map(file));
    const [self = '', stat = '', memory = '', dev = '', snmp = '', sockstat = ''] = texts;
    const [vmstat = '', diskstats = '', uptime = '', loadavg = ''] = texts.slice(6);
    const fields = parseSelfStat(self);
    const ticks = Number(fields?.utime ?? 0) + Number(fields?.stime ?? 0);
    const raw: Raw = {
      at: this.clock.now(),
      cpu: parseCpu(stat),
      selfTicks: ticks,
      paging: parsePaging(vmstat),
      busy: parseBusy(diskstats),
    };
    const [up = 0, idle = 0] = uptime.split(' ').map(Number);
    const [one = 0, five = 0, fifteen = 0] = loadavg.split(' ').map(Number);
    this.#latest = {
      at: this.clock.wall(),
      self: fields,
      cpu: raw.cpu,
      memory: parseMemory(memory),
      network: parseNetwork(dev),
      sockets: parseSockets(snmp, sockstat),
      uptime: up,
      idle,
      load: [one, five, fifteen],
      ...ratesOf(this.#before ?? raw, raw),
    };
    this.#before = raw;
  }
}

function ratesOf(before: Raw, now: Raw): Pick<ProcSample, 'selfCpu' | 'systemCpu' | 'disk'> {
  const seconds = Math.max(0.001, (now.at - before.at) / 1000);
  const busiest = Math.max(0, ...Array.from(now.busy, ([name, value]) => value - (before.busy.get(name) ?? value)));
  return {
    selfCpu: (now.selfTicks - before.selfTicks) / HZ / seconds,
    systemCpu: busyShare(before.cpu, now.cpu),
    disk: {
      readKBps: Math.round((now.paging.read - before.paging.read) / seconds),
      writeKBps: Math.round((now.paging.written - before.paging.written) / seconds),
      busy: Math.min(1, busiest / 1000 / seconds),
    },
  };
}

function busyShare(before: CpuTimes | undefined, now: CpuTimes | undefined): number {
  if (before === undefined || now === undefined) return 0;
  // The kernel counts guest time within user time as well.
  const total = ({ guest, ...times }: CpuTimes): number => Object.values(times).reduce((sum, value) => sum + value, 0);
  const idle = ({ idle, iowait }: CpuTimes): number => idle + iowait;
  const span = total(now) - total(before);
  return span > 0 ? 1 - (idle(now) - idle(before)) / span : 0;
}
