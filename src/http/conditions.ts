/** If-None-Match: a list compared weakly, or `*` (RFC 9110 §13.1.2). @returns whether the client has it. */
export const isKnown = (asked: string | undefined, etag: string): boolean =>
  asked?.trim() === '*' || asked?.match(/(?:W\/)?"[^"]*"/g)?.some((tag) => tag.replace(/^W\//, '') === etag) === true;

/** If-Range: compared strongly, and no date will do, as none is told (RFC 9110 §13.1.5). */
export const isStill = (asked: string | string[] | undefined, etag: string): boolean =>
  asked === undefined || String(asked).trim() === etag;
