import { availableParallelism, cpus } from 'node:os';
import { version } from '../../kernel/index.js';
import { done } from './api.js';
import type { ApiEnvironment } from './ports.js';

const CPUS = cpus().length;

type Source = Pick<ApiEnvironment, 'proc' | 'statistics' | 'clock' | 'connections'>;

/** kB of the machine's memory and the shares that are in use (spec/http.md §2.1). */
export function memoryOf({ proc }: Pick<Source, 'proc'>) {
  const { memory, at } = proc.latest;
  const { MemTotal, MemFree, Buffers, Cached, SwapTotal, SwapFree } = memory ?? {
    MemTotal: 0,
    MemFree: 0,
    Buffers: 0,
    Cached: 0,
    SwapTotal: 0,
    SwapFree: 0,
  };
  const MemActive = MemTotal - MemFree;
  const RealInUse = MemActive - Buffers - Cached;
  return {
    ok: memory !== undefined,
    sample_time: at,
    percent_ram: share(RealInUse, MemTotal),
    percent_swap: share(SwapTotal - SwapFree, SwapTotal),
    MemActive,
    RealInUse,
    NotInUse: MemTotal - RealInUse,
    MemTotal,
    MemFree,
    Buffers,
    Cached,
    SwapTotal,
    SwapFree,
  };
}

const share = (part: number, whole: number): number => (whole > 0 ? part / whole : 0);

/** The state of the server and its machine in one object (spec/http.md §2.2). */
function summariesOf(source: Source) {
  const { proc, statistics, clock, connections } = source;
  const sample = proc.latest;
  const memory = memoryOf(source);
  const { bytesIn, bytesOut, kbpsIn, kbpsOut, since } = statistics.server;
  const maxRss = process.resourceUsage().maxRSS;
  const { established, waiting, udp } = sample.sockets;
  const [one, five, fifteen] = sample.load;
  return {
    ok: sample.self !== undefined && sample.cpu !== undefined && sample.network !== undefined && memory.ok,
    now_ms: Math.round(clock.wall()),
    self: {
      version,
      pid: process.pid,
      ppid: process.ppid,
      argv: process.argv.slice(1).join(' '),
      cwd: process.cwd(),
      mem_kbyte: maxRss,
      mem_percent: share(maxRss, memory.MemTotal),
      cpu_percent: sample.selfCpu,
      srs_uptime: Math.round((clock.wall() - since) / 100) / 10,
    },
    system: {
      cpu_percent: sample.systemCpu,
      disk_read_KBps: sample.disk.readKBps,
      disk_write_KBps: sample.disk.writeKBps,
      disk_busy_percent: sample.disk.busy,
      mem_ram_kbyte: memory.MemTotal,
      mem_ram_percent: memory.percent_ram,
      mem_swap_kbyte: memory.SwapTotal,
      mem_swap_percent: memory.percent_swap,
      cpus: CPUS,
      cpus_online: availableParallelism(),
      uptime: sample.uptime,
      ilde_time: sample.idle,
      load_1m: one,
      load_5m: five,
      load_15m: fifteen,
      net_sample_time: sample.at,
      net_recv_bytes: sample.network?.received ?? 0,
      net_send_bytes: sample.network?.sent ?? 0,
      srs_sample_time: Math.round(clock.wall()),
      srs_recv_bytes: bytesIn,
      srs_recv_kbps: Math.round(kbpsIn),
      srs_send_bytes: bytesOut,
      srs_send_kbps: Math.round(kbpsOut),
      conn_sys: established + waiting + udp,
      conn_sys_et: established,
      conn_sys_tw: waiting,
      conn_sys_udp: udp,
      conn_srs: connections(),
    },
  };
}

/** The whole answer of /api/v1/summaries; heartbeats carry it. */
export const summaryAnswer = (source: Source & Pick<ApiEnvironment, 'identity'>) =>
  done(source.identity, { data: summariesOf(source) });
