import { product, version } from '../kernel/index.js';

/** What the server tells about itself on `connect` and in metadata. Tools read these names (spec/rtmp.md §5, §8.1). */
export const serverInfo = {
  fmsVer: 'FMS/3,5,3,888',
  capabilities: 127,
  mode: 1,
  signature: product.name,
  server: `${product.name}/${version}`,
  license: product.license,
  role: 'origin/edge server',
  url: product.url,
  authors: product.authors,
  version,
} as const;

/** Keys added to relayed metadata. */
export const metadataTags: Readonly<Record<string, string>> = {
  server: serverInfo.server,
  srs_primary: serverInfo.url,
  srs_authors: serverInfo.authors,
};
