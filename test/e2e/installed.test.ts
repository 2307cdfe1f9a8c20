import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { run } from '../support/run.js';
import { startSrs } from '../support/srs.js';
import { publish, record } from '../support/streams.js';
import { feed } from '../support/synthetic.js';

const root = join(import.meta.dirname, '../..');
const config = `
listen PORT;
pid DIR/srs.pid;
srs_log_tank console;
http_server { enabled on; listen HTTP_PORT; console on; }
vhost __defaultVhost__ { }
`;

describe('the package, installed from what npm would publish', () => {
  let prefix: string;
  beforeAll(async () => {
    prefix = await mkdtemp(join(tmpdir(), 'srs-installed-'));
    const packed = await npm('pack', '--silent', '--pack-destination', prefix);
    await npm('install', '-g', '--prefix', prefix, '--no-audit', '--no-fund', join(prefix, packed.trim()));
  }, 120_000);
  afterAll(() => rm(prefix, { recursive: true, force: true }));

  async function npm(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await run('npm', args, { cwd: root, timeoutMs: 100_000 });
    if (code !== 0) throw new Error(`npm ${args[0]} ended with ${code}: ${stderr}`);
    return stdout;
  }

  test('srs serves a stream and its page, with nothing of the repository beside it', async () => {
    const srs = await startSrs({ config, program: [join(prefix, 'bin/srs')] });
    const player = await record(srs.url('live', 's'));
    await feed(await publish(srs.url('live', 's')));
    await player.until('media', () => player.media().length > 0);
    const page = await fetch(`http://127.0.0.1:${srs.ports.HTTP_PORT}/`);
    expect(page.status).toBe(200);
    const script = /src="([^"]+\.js)"/.exec(await page.text())?.[1] ?? '';
    expect((await fetch(new URL(script, page.url))).status).toBe(200);
    expect((await srs.stop()).code).toBe(0);
  });

  test('the samples are in it', async () => {
    const sample = join(prefix, 'lib/node_modules/simple-rtmp-server/conf/srs.conf');
    expect((await run(join(prefix, 'bin/srs'), ['-t', '-c', sample])).code).toBe(0);
  });

  test('the client library is found by its name, and its types too', async () => {
    await writeFile(
      join(prefix, 'lib/use.mjs'),
      "import { RtmpClient } from 'simple-rtmp-server/client';\nRtmpClient.connect;\n",
    );
    expect(await run(process.execPath, [join(prefix, 'lib/use.mjs')])).toMatchObject({ code: 0, stderr: '' });
    await writeFile(
      join(prefix, 'lib/use.mts'),
      "import { RtmpClient } from 'simple-rtmp-server/client';\nexport const client: Promise<RtmpClient> = RtmpClient.connect('rtmp://h/a/s');\n",
    );
    const tsc = join(root, 'node_modules/.bin/tsc');
    const args = [
      '--noEmit',
      '--strict',
      '--module',
      'nodenext',
      '--types',
      'node',
      '--typeRoots',
      join(root, 'node_modules/@types'),
    ];
    const { code, stdout } = await run(tsc, [...args, join(prefix, 'lib/use.mts')], { cwd: prefix });
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
  });
});
