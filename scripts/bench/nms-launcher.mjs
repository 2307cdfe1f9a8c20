// @ts-check
/** Runs node-media-server as its own bin/app.js does, without TLS, web console and users. */
import { createRequire } from 'node:module';
import { join } from 'node:path';

const [, , folder = '', rtmp, http, data = ''] = process.argv;
const NodeMediaServer = createRequire(join(folder, 'package.json'))('node-media-server');
const config = {
  bind: '127.0.0.1',
  notify: { url: '' },
  store: { path: join(data, 'data') },
  auth: { play: false, publish: false, secret: 'unused' },
  rtmp: { port: Number(rtmp) },
  http: { port: Number(http) },
  webadmin: { enable: false },
  record: { auto: false, path: join(data, 'record') },
};
const server = new NodeMediaServer(config, join(data, 'config.json'));
server.run();
