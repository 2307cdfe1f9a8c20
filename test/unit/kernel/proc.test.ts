import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { ProcSampler, systemClock } from '../../../src/kernel/index.js';
import { FakeClock } from '../../support/fake-clock.js';

const root = mkdtempSync(join(tmpdir(), 'srs-proc-'));
for (const dir of ['self', 'net']) mkdirSync(join(root, dir));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const write = (files: Readonly<Record<string, string>>): void => {
  for (const [name, text] of Object.entries(files)) writeFileSync(join(root, name), text);
};

const selfStat = (utime: number, stime: number) =>
  `42 (no) de (x)) S 1 42 42 0 -1 4194304 100 0 3 0 ${utime} ${stime} 0 0 20 0 11 0 1344045 11834634240 26966 18446744073709551615 1 1 1 0 0 0 0 16781312 17927 0 0 0 17 1 0 0 0 0 0\n`;
const stat = (user: number, idle: number) => `cpu  ${user} 10 20 ${idle} 5 0 1 2 ${user} 0\ncpu0 1 2 3 4\nintr 1\n`;
const files = {
  meminfo:
    'MemTotal:       1000 kB\nMemFree:         400 kB\nBuffers:  50 kB\nCached:   150 kB\nSwapTotal: 100 kB\nSwapFree: 25 kB\n',
  'net/dev':
    'Inter-|   Receive\n face |bytes\n    lo: 999 1 0 0 0 0 0 0 999 1 0 0 0 0 0 0\n  eth0: 100 1 0 0 0 0 0 0 200 1 0 0 0 0 0 0\nwlan0:10 1 0 0 0 0 0 0 20 1 0 0 0 0 0 0\n',
  'net/snmp':
    'Ip: Forwarding\nIp: 1\nTcp: RtoAlgorithm RtoMin CurrEstab InSegs\nTcp: 1 200 11 9157808\nUdp: InDatagrams\nUdp: 1\n',
  'net/sockstat':
    'sockets: used 65\nTCP: inuse 20 orphan 0 tw 160 alloc 20 mem 0\nUDP: inuse 7 mem 0\nUDPLITE: inuse 9\n',
  uptime: '3600.50 7000.25\n',
  loadavg: '0.10 0.20 0.30 1/234 567\n',
};

test('fields, and rates between two samples', async () => {
  const clock = new FakeClock();
  const sampler = new ProcSampler(clock, root);
  const disk = (name: string, busy: number) => `   8       0 ${name} 1 2 3 4 5 6 7 8 0 ${busy} 11 0 0\n`;
  write({ ...files, 'self/stat': selfStat(100, 50), stat: stat(1000, 2000), vmstat: 'pgpgin 100\npgpgout 50\n' });
  write({ diskstats: disk('sda', 1000) + disk('sda1', 1000) + disk('loop0', 0) });
  await sampler.start();
  expect(sampler.latest).toMatchObject({
    selfCpu: 0,
    systemCpu: 0,
    uptime: 3600.5,
    idle: 7000.25,
    load: [0.1, 0.2, 0.3],
  });
  expect(sampler.latest.self).toMatchObject({ pid: 42, comm: '(no) de (x))', state: 'S', ppid: 1, utime: 100 });
  expect(sampler.latest.self).toMatchObject({ num_threads: 11, rss: 26_966, exit_signal: 17, processor: 1 });
  expect(sampler.latest.memory).toMatchObject({ MemTotal: 1000, MemFree: 400, Buffers: 50, Cached: 150, SwapFree: 25 });
  expect(sampler.latest.network).toEqual({ received: 110, sent: 220 });
  expect(sampler.latest.sockets).toEqual({ established: 11, waiting: 160, udp: 7 });

  // Two seconds: 1.5 of them on a processor; 300 of 400 jiffies were not idle.
  write({ 'self/stat': selfStat(200, 100), stat: stat(1300, 2100), vmstat: 'pgpgin 2100\npgpgout 250\n' });
  write({ diskstats: disk('sda', 1500) + disk('sda1', 2900) + disk('loop0', 5000) });
  clock.advance(2000);
  await sampler.sample();
  expect(sampler.latest).toMatchObject({ selfCpu: 0.75, systemCpu: 0.75 });
  expect(sampler.latest.disk).toEqual({ readKBps: 1000, writeKBps: 100, busy: 0.25 });
  await sampler.stop();
});

test('without /proc everything is there, and says that it is nothing', async () => {
  const sampler = new ProcSampler(new FakeClock(), join(root, 'nowhere'));
  await sampler.start();
  expect(sampler.latest).toMatchObject({ self: undefined, cpu: undefined, memory: undefined, network: undefined });
  expect(sampler.latest.disk).toEqual({ readKBps: 0, writeKBps: 0, busy: 0 });
  await sampler.stop();
});

test('of this machine', async () => {
  const sampler = new ProcSampler(systemClock);
  await sampler.start();
  const { self, memory, uptime } = sampler.latest;
  expect(self).toMatchObject({ pid: process.pid, ppid: process.ppid });
  expect(Number(self?.rss) * 4096).toBeGreaterThan(process.memoryUsage.rss() / 2);
  expect(memory?.MemTotal).toBeGreaterThan(memory?.MemFree ?? 0);
  expect(uptime).toBeGreaterThan(0);
  await sampler.stop();
});
