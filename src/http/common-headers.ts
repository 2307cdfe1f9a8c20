import { type Clock, version } from '../kernel/index.js';

export type Headers = Readonly<Record<string, string>>;

const COMMON: Headers = { Server: `srs/${version}`, 'X-Content-Type-Options': 'nosniff' };
const CROSSDOMAIN: Headers = {
  ...COMMON,
  'Access-Control-Allow-Origin': '*',
  'Access-Control-Expose-Headers': 'Server, Range, Content-Length, Content-Range',
};

/** What every answer carries. @param crossdomain pages of other hosts may read it, too. */
export const commonHeaders = (crossdomain: boolean): Headers => (crossdomain ? CROSSDOMAIN : COMMON);

/** An error, or a live stream, is true of now only: a cache that kept it would tell of no stream, minutes after it began. */
export const NOT_KEPT: Headers = { 'Cache-Control': 'no-store' };

/** When an answer was made, for those that Node does not write (RFC 9110 §6.6.1). */
export const httpDate = (clock: Pick<Clock, 'wall'>): string => new Date(clock.wall()).toUTCString();
