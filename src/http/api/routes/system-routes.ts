import { type Api, done } from '../api.js';
import type { ApiEnvironment } from '../ports.js';
import { answers } from '../schemas/common.js';
import { meminfos, rusages, selfProcStats, summaries, systemProcStats } from '../schemas/system.js';
import { memoryOf, summaryAnswer } from '../summaries.js';

/** The process and the machine below it. Where there is no /proc, `ok` is false and the numbers are 0. */
export function systemRoutes(app: Api, env: ApiEnvironment): void {
  const { identity, proc, clock } = env;
  const tags = ['system'];
  app.get('/api/v1/summaries', { schema: { summary: 'Server and machine', tags, response: answers(summaries) } }, () =>
    summaryAnswer(env),
  );
  app.get('/api/v1/rusages', { schema: { summary: 'Resources used', tags, response: answers(rusages) } }, () =>
    done(identity, { data: { ok: true, sample_time: Math.round(clock.wall()), ...usage() } }),
  );
  app.get(
    '/api/v1/self_proc_stats',
    { schema: { summary: 'This process', tags, response: answers(selfProcStats) } },
    () => {
      const { self, selfCpu, at } = proc.latest;
      const known = self ?? { pid: process.pid, comm: '', state: '' };
      const data = { ...known, ok: self !== undefined, sample_time: at, percent: selfCpu };
      return done(identity, { data: data as typeof data & { pid: number; comm: string; state: string } });
    },
  );
  app.get(
    '/api/v1/system_proc_stats',
    { schema: { summary: 'The processors', tags, response: answers(systemProcStats) } },
    () => {
      const { cpu, systemCpu, at } = proc.latest;
      return done(identity, { data: { ok: cpu !== undefined, sample_time: at, percent: systemCpu, ...cpu } });
    },
  );
  app.get('/api/v1/meminfos', { schema: { summary: 'The memory', tags, response: answers(meminfos) } }, () =>
    done(identity, { data: memoryOf(env) }),
  );
}

function usage() {
  const used = process.resourceUsage();
  return {
    ru_utime: used.userCPUTime / 1e6,
    ru_stime: used.systemCPUTime / 1e6,
    ru_maxrss: used.maxRSS,
    ru_ixrss: used.sharedMemorySize,
    ru_idrss: used.unsharedDataSize,
    ru_isrss: used.unsharedStackSize,
    ru_minflt: used.minorPageFault,
    ru_majflt: used.majorPageFault,
    ru_nswap: used.swappedOut,
    ru_inblock: used.fsRead,
    ru_oublock: used.fsWrite,
    ru_msgsnd: used.ipcSent,
    ru_msgrcv: used.ipcReceived,
    ru_nsignals: used.signalsCount,
    ru_nvcsw: used.voluntaryContextSwitches,
    ru_nivcsw: used.involuntaryContextSwitches,
  };
}
