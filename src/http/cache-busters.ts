/**
 * Parameters with which players get round caches, and those of low-latency HLS (RFC 8216bis §6.2.5): another value in
 * each request, and nothing that anybody answers by. Names that a token or its end may have, such as `t` and `ts`, are
 * none of them.
 */
const BUSTER = /(?<=[?&])(?:_|_t|cb|nocache|_HLS_(?:msn|part|skip|push|report))(?:=[^&]*)?(?:&|$)/g;

/** @param query with its `?`, or ''. */
export const withoutCacheBusters = (query: string): string => {
  const rest = query.replace(BUSTER, '');
  return rest === query ? query : rest.replace(/[?&]$/, '');
};
