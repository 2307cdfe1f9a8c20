import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { freePort } from '../support/free-port.js';
import { background, run, until } from '../support/run.js';

const program = join(import.meta.dirname, '../../dist/srs.mjs');
const dir = mkdtempSync(join(tmpdir(), 'srs-inspect-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const env = { ...process.env, SRS_VHOST_PLAY_ATC: 'on' };
const srs = (...args: string[]) => run(process.execPath, [program, ...args], { cwd: dir, env });
const conf = (name: string, text: string): string => {
  writeFileSync(join(dir, name), text);
  return name;
};

describe('a look at a configuration', () => {
  const good = conf('good.conf', 'listen 1935;\nquery_latest_version off;\nvhost a { gop_cache off; }\n');
  const bad = conf('bad.conf', 'listen x;;\npidd y;\n');

  test('-t prints what would run', async () => {
    const end = await srs('-t', '-c', good);
    expect(end.code).toBe(0);
    expect(end.stdout).toBe('good.conf: the configuration is valid\nlistens on 0.0.0.0:1935 for rtmp\nvhost a\n');
    expect(end.stderr).toMatch(/^warning: good\.conf:2:1: query_latest_version .*\n$/);
  });

  test('-t --json', async () => {
    const end = await srs('-t', '--json', '-c', good);
    expect(JSON.parse(end.stdout)).toMatchObject({
      file: 'good.conf',
      valid: true,
      listeners: [{ name: 'rtmp', address: '0.0.0.0:1935' }],
      vhosts: [{ name: 'a', enabled: true }],
    });
    const refused = await srs('-t', '--json', '-c', bad);
    expect(refused.code).toBe(1);
    expect(JSON.parse(refused.stdout)).toEqual({
      file: 'bad.conf',
      valid: false,
      code: 'CONFIG_SYNTAX',
      errors: [
        'bad.conf:1:8: listen "x": a port is a number',
        'bad.conf:1:10: unexpected `;`',
        'bad.conf:2:1: unknown directive "pidd", did you mean pid?',
      ],
    });
  });

  test('config dump prints a file that loads to the same', async () => {
    const end = await srs('config', 'dump', '-c', good);
    expect(end.code).toBe(0);
    expect(end.stdout).toContain('        gop_cache off; # good.conf:3:11\n');
    expect(end.stdout).toContain('        atc on; # environment SRS_VHOST_PLAY_ATC\n');
    const again = await srs('config', 'dump', '-c', conf('dump.conf', end.stdout));
    const values = (text: string) => text.replaceAll(/ # .*/g, '');
    expect(values(again.stdout)).toBe(values(end.stdout));
    const json = JSON.parse((await srs('config', 'dump', '--json', '-c', good)).stdout);
    expect(json.settings).toContainEqual({
      in: ['vhost a', 'play'],
      name: 'atc',
      value: true,
      origin: expect.anything(),
    });
  });

  test('config dump without a file, and of a wrong one', async () => {
    expect(await srs('config', 'dump')).toMatchObject({ code: 1, stderr: expect.stringContaining('-c FILE') });
    expect((await srs('config', 'dump', '-c', bad)).stderr).toContain('bad.conf:2:1: unknown directive');
  });
});

describe('work_dir', () => {
  test('is where relative paths begin', async () => {
    mkdirSync(join(dir, 'elsewhere'));
    const port = await freePort();
    const text = `listen ${port}; work_dir ${dir}/elsewhere; pid srs.pid; srs_log_file srs.log; vhost a { }`;
    const server = background(process.execPath, [program, '-c', join(dir, conf('work.conf', text))]);
    await until('it runs', () => {
      try {
        return readFileSync(`${dir}/elsewhere/srs.log`, 'utf8').includes('srs is running');
      } catch {
        return false;
      }
    });
    expect(readFileSync(`${dir}/elsewhere/srs.pid`, 'utf8').trim()).toBe(String(server.pid));
  });

  test('that is not there ends the start with one line', async () => {
    const end = await srs('-c', conf('nowhere.conf', 'listen 1; work_dir nowhere; vhost a { }'));
    expect(end).toMatchObject({ code: 1, stderr: 'can not enter work_dir nowhere: ENOENT\n' });
  });
});

test('asprocess on: the server ends with the process that started it', async () => {
  const port = await freePort();
  const log = `${dir}/child.log`;
  const text = `listen ${port}; asprocess on; pid ${dir}/child.pid; srs_log_file ${log}; vhost a { }`;
  const command = [process.execPath, program, '-c', join(dir, conf('child.conf', text))].join(' ');
  const parent = spawn('sh', ['-c', `${command} & echo started; wait`], { stdio: 'ignore' });
  const says = (line: string) => () => {
    try {
      return readFileSync(log, 'utf8').includes(line);
    } catch {
      return false;
    }
  };
  await until('it runs', says('srs is running'));
  parent.kill('SIGKILL');
  await until('it has ended', says('"msg":"stopped"'));
});
