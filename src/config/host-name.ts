/** Names of hosts are the same in upper and lower case, and with or without the dot of the root (RFC 4343, RFC 1034 §3.1). */
export const foldHost = (name: string): string => name.toLowerCase().replace(/\.$/, '');
