import { type TProperties, Type } from 'typebox';
import { exactly } from './common.js';

const numbers = (names: string): Record<string, Type.TNumber> =>
  Object.fromEntries(names.split(' ').map((name) => [name, Type.Number()]));
const sampled = { ok: Type.Boolean(), sample_time: Type.Integer({ description: 'ms since 1970.' }) };
const data = (properties: TProperties, description?: string) => ({ data: exactly(properties, description) });

export const versions = data({
  major: Type.Integer(),
  minor: Type.Integer(),
  revision: Type.Integer(),
  version: Type.String(),
});

export const rusages = data(
  {
    ...sampled,
    ...numbers(
      'ru_utime ru_stime ru_maxrss ru_ixrss ru_idrss ru_isrss ru_minflt ru_majflt ru_nswap ru_inblock ru_oublock ru_msgsnd ru_msgrcv ru_nsignals ru_nvcsw ru_nivcsw',
    ),
  },
  'getrusage(2) of this process; times in seconds, ru_maxrss in KiB.',
);

export const selfProcStats = data(
  {
    ...sampled,
    percent: Type.Number({ description: 'Processor seconds per second: 1 is one core.' }),
    pid: Type.Integer(),
    comm: Type.String(),
    state: Type.String(),
    ...numbers(
      'ppid pgrp session tty_nr tpgid flags minflt cminflt majflt cmajflt utime stime cutime cstime priority nice num_threads itrealvalue starttime vsize rss rsslim startcode endcode startstack kstkesp kstkeip signal blocked sigignore sigcatch wchan nswap cnswap exit_signal processor rt_priority policy delayacct_blkio_ticks guest_time cguest_time',
    ),
  },
  'Fields of /proc/self/stat.',
);

export const systemProcStats = data(
  {
    ...sampled,
    percent: Type.Number({ description: 'Share that was not idle, 0…1.' }),
    ...numbers('user nice sys idle iowait irq softirq steal guest'),
  },
  'The processors together, in jiffies of /proc/stat.',
);

export const meminfos = data(
  {
    ...sampled,
    ...numbers(
      'percent_ram percent_swap MemActive RealInUse NotInUse MemTotal MemFree Buffers Cached SwapTotal SwapFree',
    ),
  },
  'Memory of the machine in kB; shares are 0…1.',
);

export const summaries = data({
  ok: Type.Boolean({ description: 'All of it could be read.' }),
  now_ms: Type.Integer(),
  self: exactly({
    version: Type.String(),
    pid: Type.Integer(),
    ppid: Type.Integer(),
    argv: Type.String(),
    cwd: Type.String(),
    ...numbers('mem_kbyte mem_percent cpu_percent srs_uptime'),
  }),
  system: exactly(
    numbers(
      'cpu_percent disk_read_KBps disk_write_KBps disk_busy_percent mem_ram_kbyte mem_ram_percent mem_swap_kbyte mem_swap_percent cpus cpus_online uptime ilde_time load_1m load_5m load_15m net_sample_time net_recv_bytes net_send_bytes srs_sample_time srs_recv_bytes srs_recv_kbps srs_send_bytes srs_send_kbps conn_sys conn_sys_et conn_sys_tw conn_sys_udp conn_srs',
    ),
  ),
});

export const authors = data(
  Object.fromEntries(
    'primary authors contributors_link contributors license copyright'.split(' ').map((name) => [name, Type.String()]),
  ),
);

export const features = data(
  Object.fromEntries(
    'ssl hls hds callback api httpd dvr transcode ingest stat nginx ffmpeg stream_caster complex_send tcp_nodelay so_sendbuf mr'
      .split(' ')
      .map((name) => [name, Type.Boolean()]),
  ),
);

export const requests = data(
  {
    uri: Type.String(),
    path: Type.String(),
    METHOD: Type.String(),
    headers: Type.Record(Type.String(), Type.String()),
    server: exactly({
      sigature: Type.String(),
      name: Type.String(),
      version: Type.String(),
      link: Type.String(),
      time: Type.Integer(),
    }),
  },
  'What the server understood of this very request; credentials are left out.',
);
