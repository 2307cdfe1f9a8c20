const TAGS = /(?:W\/)?"[^"]*"/g;

/** If-Match: a list compared strongly, or `*` (RFC 9110 §13.1.1). @returns whether this is what the client wants. */
export const isWanted = (asked: string | undefined, etag: string): boolean =>
  asked === undefined || asked.trim() === '*' || asked.match(TAGS)?.includes(etag) === true;

/** If-None-Match: a list compared weakly, or `*` (RFC 9110 §13.1.2). @returns whether the client has it. */
export const isKnown = (asked: string | undefined, etag: string): boolean =>
  asked?.trim() === '*' || asked?.match(TAGS)?.some((tag) => tag.replace(/^W\//, '') === etag) === true;

/**
 * If-Range: compared strongly (RFC 9110 §13.1.5).
 * @param validator of what is there now: its strong ETag, or its date where it has none.
 */
export const isStill = (asked: string | string[] | undefined, validator: string): boolean =>
  asked === undefined || String(asked).trim() === validator;
