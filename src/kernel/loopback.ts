/** Whether an address is this machine itself, by IPv4, IPv6, or IPv4 within IPv6. @param address not a name. */
export const isLoopback = (address: string): boolean => /^(::ffff:)?127(\.\d{1,3}){3}$|^::1$/i.test(address);
