import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { reasonOf, SystemError } from '../kernel/index.js';

/** A certificate with its chain and private key, checked: both were read, and belong together. */
export interface Certificate {
  readonly key: Buffer;
  readonly cert: Buffer;
  readonly subject: string;
  /** Hash of the certificate: two with the same are the same. */
  readonly fingerprint: string;
  readonly validTo: Date;
}

export interface CertificateFiles {
  readonly key: string;
  readonly cert: string;
}

/** @throws {SystemError} TLS_CERTIFICATE with the file and what is wrong with it. */
export async function readCertificate(files: CertificateFiles): Promise<Certificate> {
  const cert = await readPem(files.cert);
  const key = await readPem(files.key);
  const parsed = parse(files.cert, 'certificate', () => new X509Certificate(cert));
  const privateKey: KeyObject = parse(files.key, 'private key', () => createPrivateKey(key));
  if (!parsed.checkPrivateKey(privateKey))
    throw broken(files.key, `is not the private key of the certificate in ${files.cert}`);
  return {
    key,
    cert,
    subject: parsed.subject.replaceAll('\n', ', '),
    fingerprint: parsed.fingerprint256,
    validTo: new Date(parsed.validTo),
  };
}

async function readPem(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (cause) {
    throw broken(file, `cannot be read: ${reasonOf(cause)}`, cause);
  }
}

function parse<T>(file: string, what: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw broken(file, `holds no ${what} in PEM that can be used: ${(cause as Error).message}`, cause);
  }
}

const broken = (file: string, text: string, cause?: unknown): SystemError =>
  new SystemError('TLS_CERTIFICATE', `${file} ${text}`, { file }, { cause });
