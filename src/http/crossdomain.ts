import { XMLBuilder } from 'fast-xml-parser';

/** The policy file that Flash and some set-top players ask for: any origin may read. */
export function crossdomainXml(): string {
  const builder = new XMLBuilder({
    ignoreAttributes: false,
    attributeNamePrefix: '',
    suppressEmptyNode: true,
    format: true,
  });
  return builder.build({
    '?xml': { version: '1.0' },
    'cross-domain-policy': { 'allow-access-from': { domain: '*' } },
  });
}
