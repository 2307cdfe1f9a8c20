/** What a stream is found by; `vhost` is the name of the block that serves it. */
export interface StreamName {
  readonly vhost: string;
  readonly app: string;
  readonly stream: string;
}

/** `vhost/app/stream` */
export const streamKey = (name: StreamName): string => `${name.vhost}/${name.app}/${name.stream}`;
