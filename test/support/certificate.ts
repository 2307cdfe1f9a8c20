import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { run } from './run.js';

/** Files of a certificate for this machine that signs itself. */
export interface CertificatePair {
  readonly key: string;
  readonly cert: string;
}

/** Has openssl make `STEM.key` and `STEM.crt`. @param days of validity. @param names for which it is good. */
export async function makeCertificate(
  stem: string,
  name = 'localhost',
  days = 30,
  names = 'DNS:localhost,IP:127.0.0.1',
): Promise<CertificatePair> {
  const pair = { key: `${stem}.key`, cert: `${stem}.crt` };
  mkdirSync(dirname(stem), { recursive: true });
  const made = await run('openssl', [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', `${days}`],
    ...['-subj', `/CN=${name}`, '-addext', `subjectAltName=${names}`],
    ...['-keyout', pair.key, '-out', pair.cert],
  ]);
  if (made.code !== 0) throw new Error(`openssl could not make a certificate: ${made.stderr}`);
  return pair;
}
