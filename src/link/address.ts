/** An address of a socket as people write it: an IPv4 client of an IPv6 socket is `10.0.0.1`, not `::ffff:10.0.0.1`. */
export const plainAddress = (address: string | undefined): string => (address ?? '').replace(/^::ffff:(?=\d+\.)/, '');
