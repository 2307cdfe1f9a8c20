import { product, version } from '../kernel/index.js';
import { AmfObject } from '../protocol/amf/index.js';

/**
 * What one server tells another on `connect`, in the command's second object (spec/rtmp.md §9; `debug_srs_upnode`): so
 * the log of each leads to that of the other.
 * @param id of the client here that the connection is for. @param localAddress of this end of it.
 */
export const upstreamIdentity =
  (id: string) =>
  (localAddress: string): AmfObject =>
    AmfObject.of({
      srs_sig: product.name,
      srs_server: `${product.name}/${version}`,
      srs_license: product.license,
      srs_role: 'origin/edge server',
      srs_url: product.url,
      srs_version: version,
      srs_site: product.url,
      srs_primary: product.authors,
      srs_authors: product.authors,
      srs_server_ip: localAddress,
      srs_pid: process.pid,
      srs_id: id,
    });
