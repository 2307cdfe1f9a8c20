import { readFile } from 'node:fs/promises';
import { rootCertificates } from 'node:tls';
import { reasonOf, SystemError } from '../../kernel/index.js';

/**
 * Whose certificates are believed: everybody's authorities, and those of a file. Without a file it is Node's default,
 * which NODE_EXTRA_CA_CERTS adds to.
 * @throws {SystemError} CA_FILE
 */
export async function trustedBy(file: string): Promise<{ ca?: Array<string | Buffer> }> {
  if (file === '') return {};
  try {
    return { ca: [...rootCertificates, await readFile(file)] };
  } catch (cause) {
    throw new SystemError('CA_FILE', `cannot read ca_file ${file}: ${reasonOf(cause)}`, {}, { cause });
  }
}
