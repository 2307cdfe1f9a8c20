import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { freePort } from './free-port.js';
import { type Background, background, until } from './run.js';
import { accepts } from './srs.js';

/** nginx in the foreground with one worker and a file for its directory `conf.d`. Ended after the test. */
export async function startNginxHttp(text: (dir: string) => string, port: number): Promise<Background> {
  const dir = await mkdtemp(join(tmpdir(), 'srs-nginx-'));
  const conf = join(dir, 'nginx.conf');
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${dir}/${name};`,
  );
  await writeFile(
    conf,
    `
${process.getuid?.() === 0 ? 'user root;' : ''}
daemon off;
pid ${dir}/pid;
error_log stderr notice;
events {}
http {
access_log off;
${temporary.join('\n')}
${text(dir)}
}
`,
  );
  const nginx = background('nginx', ['-e', 'stderr', '-c', conf]);
  onTestFinished(async () => {
    await nginx.stop();
    await rm(dir, { recursive: true, force: true });
  });
  await until('nginx listens', () => accepts(port));
  return nginx;
}

/**
 * nginx with its rtmp module, in the foreground and with one worker. Ended after the test.
 * @param directives more of them in its `server` block.
 */
export async function startNginxRtmp(
  application = 'live',
  port?: number,
  directives = '',
): Promise<{ port: number; url(stream: string): string; process: Background }> {
  const dir = await mkdtemp(join(tmpdir(), 'srs-nginx-'));
  const at = port ?? (await freePort());
  const conf = join(dir, 'nginx.conf');
  const text = `
load_module modules/ngx_rtmp_module.so;
daemon off;
pid ${dir}/pid;
error_log stderr notice;
events {}
rtmp { server { listen 127.0.0.1:${at}; ${directives} application ${application} { live on; wait_key on; } } }
`;
  await writeFile(conf, text);
  const process = background('nginx', ['-e', 'stderr', '-c', conf]);
  onTestFinished(async () => {
    await process.stop();
    await rm(dir, { recursive: true, force: true });
  });
  await until('nginx listens', () => accepts(at));
  return { port: at, url: (stream) => `rtmp://127.0.0.1:${at}/${application}/${stream}`, process };
}
