import { apiOf } from './api.js';
import { freePort } from './free-port.js';
import { type Srs, startSrs } from './srs.js';

const http = 'http_server { enabled on; listen HTTP_PORT; }';
const api = 'http_api { enabled on; listen 127.0.0.1:API_PORT; }';

/** An edge with every way to play. @param origins `host:port …`. @param more directives of its vhost. */
export const edgeConf = (origins: string, more = ''): string => `
listen PORT;
pid DIR/srs.pid;
srs_log_tank console;
${http}
${api}
vhost __defaultVhost__ {
  mode remote;
  origin ${origins};
  http_remux { enabled on; mount [vhost]/[app]/[stream].flv; mount [vhost]/[app]/[stream].ts; }
  hls { enabled on; hls_fragment 1; }
  ${more}
}
`;

/** What an edge says about its streams. */
export const edgesOf = async (srs: Srs) => (await apiOf(srs.ports.API_PORT)('/api/v1/edges')).body.edges;

/** Lines of a log with this message. */
export const linesOf = (srs: Pick<Srs, 'log'>, msg: string): string[] =>
  srs
    .log()
    .split('\n')
    .filter((line) => line.includes(`"msg":"${msg}"`));

/** An origin and an edge of it, started side by side. @param more directives of the edge's vhost. */
export async function startPair(more = '', originConf?: string): Promise<{ origin: Srs; edge: Srs }> {
  const port = await freePort();
  const [origin, edge] = await Promise.all([
    startSrs({ ports: { PORT: port }, ...(originConf !== undefined && { config: originConf }) }),
    startSrs({ config: edgeConf(`127.0.0.1:${port}`, more) }),
  ]);
  return { origin, edge };
}
