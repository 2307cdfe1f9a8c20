import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { makeCertificate } from '../support/certificate.js';
import { freePort } from '../support/free-port.js';
import { withPeers } from '../support/peers.js';
import { reload } from '../support/reload.js';
import { background, run, until } from '../support/run.js';
import { startSrs } from '../support/srs.js';

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

  const tls = 'enabled on; key tls.key; cert tls.crt;';
  const needy = `listen 1935;
rtmps { enabled on; listen 1; }
http_server { enabled on; listen 2;
  https { listen 3; ${tls} }
}
http_api { enabled off; https { ${tls} } }
vhost a {}
`;

  withPeers('openssl')('-t and certificates', () => {
    test('that cannot be used are errors where they are named; those of blocks that are off are none', async () => {
      const { key } = await makeCertificate(join(dir, 'tls'));
      const other = await makeCertificate(join(dir, 'other'));
      const both = await srs('-t', '-c', conf('needy.conf', needy));
      expect(both).toMatchObject({ code: 1, stdout: '' });
      expect(both.stderr).toBe(
        'needy.conf:2:9: rtmps: ./conf/server.crt cannot be read: there is no such file or directory\n',
      );
      renameSync(other.key, key);
      const json = await srs(
        '-t',
        '--json',
        '-c',
        conf('half.conf', needy.replace('rtmps { enabled on', 'rtmps { enabled off')),
      );
      expect(json.code).toBe(1);
      expect(JSON.parse(json.stdout)).toEqual({
        file: 'half.conf',
        valid: false,
        code: 'TLS_CERTIFICATE',
        errors: ['half.conf:4:33: http_server https: tls.key is not the private key of the certificate in tls.crt'],
      });
    });
  });

  test('-t and an ffmpeg that is not there: a warning, in work_dir as at the start; none where nothing would run it', async () => {
    mkdirSync(join(dir, 'programs'), { recursive: true });
    writeFileSync(join(dir, 'programs/there'), '', { mode: 0o755 });
    const transcode = (program: string, more = '') =>
      `{ ${more} transcode { enabled on; ffmpeg ${program}; engine { enabled on; vcodec copy; acodec copy; output x; } } }`;
    const end = await srs(
      '-t',
      '-c',
      conf(
        'programs.conf',
        `listen 1; work_dir programs;
vhost a ${transcode('./nope')}
vhost b ${transcode('./there')}
vhost c ${transcode('./nope', 'enabled off;')}
`,
      ),
    );
    expect(end.code).toBe(0);
    expect(end.stderr).toBe('warning: programs.conf:2:36: cannot run ./nope: no such file, so nothing is transcoded\n');
  });

  test('-t and an ingest without its ffmpeg or file: a warning each', async () => {
    const ingest = (id: string, file: string, ffmpeg: string) =>
      `ingest ${id} { enabled on; input { url ${file}; } ffmpeg ${ffmpeg}; engine { output rtmp://127.0.0.1:[port]/live/${id}; } }`;
    const here = process.execPath;
    const vhost = `vhost a {\n${ingest('fine', here, here)}\n${ingest('file', './none.flv', here)}\n${ingest('program', here, './nope')}\n}`;
    const end = await srs('-t', '-c', conf('ingests.conf', `listen 1;\n${vhost}\n`));
    expect(end.code).toBe(0);
    expect(end.stderr.split('\n')).toEqual([
      `warning: ingests.conf:4:35: cannot ingest ./none.flv (${join(dir, 'none.flv')}): no such file`,
      `warning: ingests.conf:5:${here.length + 46}: cannot run ./nope: no such file, so nothing is ingested`,
      '',
    ]);
  });

  test('an ffmpeg that is not there is said at the start and at a reload, too', async () => {
    const engine = 'engine { enabled on; vcodec copy; acodec copy; output x; }';
    const server = await startSrs({
      config: `listen PORT; pid DIR/srs.pid; srs_log_tank console;
vhost a { transcode { enabled on; ffmpeg ./nope; ${engine} } }
`,
    });
    await until('it is said', () => server.log().includes('srs.conf:2:35: cannot run ./nope: no such file'));
    const log = await reload(server, (text) => text.replace('./nope', './neither'));
    expect(log).toContain('srs.conf:2:35: cannot run ./neither: no such file, so nothing is transcoded');
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

  test('that is not there ends the start, and the test, with one line', async () => {
    const file = conf('nowhere.conf', 'listen 1; work_dir nowhere; vhost a { }');
    for (const args of [[], ['-t']])
      expect(await srs(...args, '-c', file)).toMatchObject({
        code: 1,
        stderr: 'cannot enter work_dir nowhere: there is no such file or directory\n',
      });
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
