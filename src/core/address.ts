export interface Address {
  /** An IP address without brackets. */
  readonly host: string;
  readonly port: number;
}

/** `0.0.0.0:1935`, `[::]:1935` */
export const printAddress = ({ host, port }: Address): string =>
  host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
