import type { Since } from '../table.js';

/**
 * A listener with TLS: `https { … }` of the HTTP servers, `rtmps { … }`.
 * @param listen its default. @param around the blocks that it may stand in, the preferred first; none for the file itself.
 */
export function tlsBlock(doc: string, listen: string, since: Since, around: readonly string[]) {
  const spelled = (name: string): readonly string[] => around.map((block) => `${block}.${name}`);
  return {
    type: 'block',
    doc,
    rows: {
      enabled: {
        type: 'onoff',
        default: false,
        reload: 'relisten',
        since,
        spelled: spelled('enabled'),
        doc: 'Serve it over TLS too, on a port of its own. TLS 1.2 and later.',
      },
      listen: {
        type: 'listen',
        required: false,
        example: listen,
        reload: 'relisten',
        since,
        spelled: spelled('listen'),
        doc: 'Where TLS clients connect.',
      },
      key: {
        type: 'string',
        default: './conf/server.key',
        reload: 'next',
        since,
        spelled: spelled('key'),
        doc: 'File with the private key, in PEM. It is read at the start and with every reload.',
      },
      cert: {
        type: 'string',
        default: './conf/server.crt',
        reload: 'next',
        since,
        spelled: spelled('cert'),
        doc: 'File with the certificate, in PEM, followed by those of the authorities between it and the root. It is read at the start and with every reload.',
      },
    },
  } as const;
}
