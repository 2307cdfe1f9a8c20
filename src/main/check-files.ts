import type { Config, LoadedConfig } from '../config/index.js';
import { checkFile, wantedIngests } from '../intake/index.js';
import { findProgram, SystemError } from '../kernel/index.js';
import { readCertificate } from '../link/index.js';

/** Certificates that cannot be used: the server would not start. One `FILE:LINE:COLUMN: text` each. */
export async function unusableCertificates({ config, origins }: LoadedConfig): Promise<string[]> {
  const faults = await Promise.all(
    tlsOf(config).map(async ({ name, place, tls }) => {
      const { message, context } = (await faultOf(readCertificate(tls))) ?? {};
      const row = context?.file === tls.key ? 'key' : 'cert';
      const at = origins.get(`${place}/${row}`) ?? origins.get(`${place}/enabled`);
      return message === undefined ? [] : [`${at}: ${name}: ${message}`];
    }),
  );
  return faults.flat();
}

/** Programs that cannot be run: the server starts and lacks what they would do. */
export function missingPrograms({ config, origins }: LoadedConfig): string[] {
  const faults: string[] = [];
  for (const vhost of config.vhosts.values())
    for (const { name, enabled, ffmpeg, engines } of vhost.transcodes.values()) {
      if (!vhost.enabled || !enabled || ffmpeg === '' || ![...engines.values()].some((engine) => engine.enabled))
        continue;
      const at = origins.get(`vhosts/${vhost.name}/transcodes/${name}/ffmpeg`);
      try {
        findProgram(ffmpeg);
      } catch (error) {
        if (!(error instanceof SystemError)) throw error;
        faults.push(`${at}: ${error.message}, so nothing is transcoded`);
      }
    }
  return faults;
}

/** Ingests that could not begin: a running server says so itself, once it tries. */
export async function idleIngests({ config, origins }: LoadedConfig): Promise<string[]> {
  const wanted = [...wantedIngests(config).values()];
  const faults = await Promise.all(
    wanted.map(async ({ vhost, ingest, ffmpeg, input, engine }) => {
      const at = (row: string): string => `${origins.get(`vhosts/${vhost}/ingests/${ingest}/${row}`)}`;
      const program = await faultOf(Promise.resolve().then(() => findProgram(ffmpeg)));
      const file = await faultOf(checkFile(input, engine));
      return [
        ...(program === undefined ? [] : [`${at('ffmpeg')}: ${program.message}, so nothing is ingested`]),
        ...(file === undefined ? [] : [`${at('input/url')}: ${file.message}`]),
      ];
    }),
  );
  return [...new Set(faults.flat())];
}

interface TlsBlock {
  readonly name: string;
  /** Its place in the typed configuration. */
  readonly place: string;
  readonly tls: Config['rtmps'];
}

/** The blocks that need a certificate. */
const tlsOf = ({ rtmps, httpServer, httpApi }: Config): TlsBlock[] =>
  [
    { name: 'rtmps', place: 'rtmps', tls: rtmps, served: true },
    { name: 'http_server https', place: 'httpServer/https', tls: httpServer.https, served: httpServer.enabled },
    { name: 'http_api https', place: 'httpApi/https', tls: httpApi.https, served: httpApi.enabled },
  ].filter(({ tls, served }) => served && tls.enabled);

const faultOf = (reading: Promise<unknown>): Promise<SystemError | undefined> =>
  reading.then(
    () => undefined,
    (error: unknown) => {
      if (error instanceof SystemError) return error;
      throw error;
    },
  );
