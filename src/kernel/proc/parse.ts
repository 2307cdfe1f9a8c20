/** Fields of /proc/PID/stat in their order (proc(5)); `comm` and `state` are text, the others numbers. */
const SELF_FIELDS =
  'pid comm state ppid pgrp session tty_nr tpgid flags minflt cminflt majflt cmajflt utime stime cutime cstime priority nice num_threads itrealvalue starttime vsize rss rsslim startcode endcode startstack kstkesp kstkeip signal blocked sigignore sigcatch wchan nswap cnswap exit_signal processor rt_priority policy delayacct_blkio_ticks guest_time cguest_time'.split(
    ' ',
  );

/** Jiffies of all processors together, as in the first line of /proc/stat. */
const CPU_FIELDS = ['user', 'nice', 'sys', 'idle', 'iowait', 'irq', 'softirq', 'steal', 'guest'] as const;

export type CpuTimes = Readonly<Record<(typeof CPU_FIELDS)[number], number>>;

/** Kilobytes. */
export interface MemoryInfo {
  readonly MemTotal: number;
  readonly MemFree: number;
  readonly Buffers: number;
  readonly Cached: number;
  readonly SwapTotal: number;
  readonly SwapFree: number;
}

const numbers = (text: string): number[] => text.trim().split(/\s+/).map(Number);

/** A line of /proc/PID/stat by field name. The name of the program may have blanks and parentheses in it. */
export function parseSelfStat(text: string): Record<string, number | string> | undefined {
  const open = text.indexOf('(');
  const close = text.lastIndexOf(')');
  if (open < 0 || close < 0) return undefined;
  const [state = '', ...rest] = text
    .slice(close + 2)
    .trim()
    .split(' ');
  const values = [Number(text.slice(0, open)), text.slice(open, close + 1), state, ...rest.map(Number)];
  return Object.fromEntries(SELF_FIELDS.map((field, i) => [field, values[i] ?? 0]));
}

export function parseCpu(text: string): CpuTimes | undefined {
  const [, line] = /^cpu {2}(.*)$/m.exec(text) ?? [];
  if (line === undefined) return undefined;
  const values = numbers(line);
  return Object.fromEntries(CPU_FIELDS.map((field, i) => [field, values[i] ?? 0])) as CpuTimes;
}

export function parseMemory(text: string): MemoryInfo | undefined {
  const value = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(text)?.[1] ?? 0);
  const MemTotal = value('MemTotal');
  if (MemTotal === 0) return undefined;
  return {
    MemTotal,
    MemFree: value('MemFree'),
    Buffers: value('Buffers'),
    Cached: value('Cached'),
    SwapTotal: value('SwapTotal'),
    SwapFree: value('SwapFree'),
  };
}

/** Bytes over all interfaces of /proc/net/dev but the loopback. */
export function parseNetwork(text: string): { received: number; sent: number } | undefined {
  const lines = [...text.matchAll(/^\s*([^\s:]+):\s*(.*)$/gm)];
  if (lines.length === 0) return undefined;
  const total = { received: 0, sent: 0 };
  for (const [, name, rest = ''] of lines) {
    if (name === 'lo') continue;
    const values = numbers(rest);
    total.received += values[0] ?? 0;
    total.sent += values[8] ?? 0;
  }
  return total;
}

/** Connections of the machine, from /proc/net/snmp and /proc/net/sockstat. */
export function parseSockets(snmp: string, sockstat: string): { established: number; waiting: number; udp: number } {
  const [names = '', values = ''] = [...snmp.matchAll(/^Tcp: (.*)$/gm)].map(([, line]) => line);
  const established = numbers(values)[names.split(' ').indexOf('CurrEstab')] ?? 0;
  const waiting = Number(/^TCP:.* tw (\d+)/m.exec(sockstat)?.[1] ?? 0);
  const udp = Number(/^UDP: inuse (\d+)/m.exec(sockstat)?.[1] ?? 0);
  return { established, waiting, udp };
}

/** Kilobytes read and written by all disks, from /proc/vmstat. */
export function parsePaging(text: string): { read: number; written: number } {
  const value = (name: string): number => Number(new RegExp(`^${name} (\\d+)`, 'm').exec(text)?.[1] ?? 0);
  return { read: value('pgpgin'), written: value('pgpgout') };
}

/** Whole disks; no partitions, no loop or memory devices. */
const DISK = /^(?:[sv]d[a-z]+|xvd[a-z]+|hd[a-z]|nvme\d+n\d+|mmcblk\d+)$/;

/** Milliseconds that each disk was busy, from /proc/diskstats. */
export function parseBusy(text: string): Map<string, number> {
  const busy = new Map<string, number>();
  for (const line of text.split('\n')) {
    const [, , name = '', ...values] = line.trim().split(/\s+/);
    if (DISK.test(name)) busy.set(name, Number(values[9] ?? 0));
  }
  return busy;
}
