import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readConfigFile } from '../../src/config/files.js';
import { parseConfig, type VhostConfig } from '../../src/config/index.js';
import { makeCertificate } from '../support/certificate.js';
import { freePort } from '../support/free-port.js';
import { background, run, until } from '../support/run.js';
import { publish, record, times } from '../support/streams.js';
import { feed } from '../support/synthetic.js';

const root = join(import.meta.dirname, '../..');
const program = join(root, 'dist/srs.mjs');
const dir = mkdtempSync(join(tmpdir(), 'srs-samples-'));
mkdirSync(join(dir, 'objs'));
beforeAll(() => makeCertificate(join(dir, 'conf/server')));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** Whether nobody may come in just so: a hook that nobody answers here, a list of addresses, a page, a signature, a test. */
const isGuarded = ({ bandcheck, httpHooks, security, refer, sign }: VhostConfig): boolean =>
  bandcheck.enabled ||
  httpHooks.enabled ||
  security.enabled ||
  sign.publish ||
  sign.play ||
  [...refer.all, ...refer.publish, ...refer.play].length > 0;

test('conf/README.md lists every sample', () => {
  const listed = readFileSync(join(root, 'conf/README.md'), 'utf8').matchAll(/\]\(([\w.-]+\.conf)\)/g);
  const files = readdirSync(join(root, 'conf')).filter((file) => file.endsWith('.conf'));
  expect(Array.from(listed, ([, file]) => file).sort()).toEqual(files.sort());
});

describe('the files of conf/ as they are, but for their ports', () => {
  for (const name of readdirSync(join(root, 'conf')).filter((file) => file.endsWith('.conf')))
    test(name, async () => {
      const file = join(root, 'conf', name);
      const port = await freePort();
      const env = {
        ...process.env,
        SRS_LISTEN: String(port),
        SRS_PID: join(dir, `${name}.pid`),
        SRS_LOG_FILE: join(dir, `${name}.log`),
        SRS_LOG_TANK: 'console',
        SRS_HTTP_API_LISTEN: `127.0.0.1:${await freePort()}`,
        SRS_HTTP_SERVER_LISTEN: `127.0.0.1:${await freePort()}`,
        SRS_HTTP_API_HTTPS_LISTEN: `127.0.0.1:${await freePort()}`,
        SRS_HTTP_SERVER_HTTPS_LISTEN: `127.0.0.1:${await freePort()}`,
        SRS_RTMPS_LISTEN: `127.0.0.1:${await freePort()}`,
      };
      const check = await run(process.execPath, [program, '-t', '-c', file], { cwd: dir, env });
      expect(check.stdout).toContain('the configuration is valid');

      const server = background(process.execPath, [program, '-c', file], { cwd: dir, env });
      await until('it runs', () => server.log().includes('srs is running'));
      const { vhosts } = parseConfig(readConfigFile(file), file).config;
      for (const vhost of vhosts.values()) {
        if (isGuarded(vhost)) continue;
        const url = `rtmp://127.0.0.1:${port}/live?vhost=${vhost.name}/s`;
        // An edge without its origin lets no encoder in; test/e2e/edge.test.ts has one.
        if (!vhost.enabled || vhost.cluster.mode === 'remote') {
          await expect(publish(url)).rejects.toThrow();
          continue;
        }
        const publisher = await publish(url);
        const player = await record(url);
        await feed(publisher, { frames: 10 });
        await until('frames arrive', () => times(player.media(), 'video').length === 10);
        publisher.close();
      }
      expect((await server.stop()).code).toBe(0);
    });
});
