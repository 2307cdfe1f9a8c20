import { laterInRoot } from './tables/root.js';
import { laterInVhost } from './tables/vhost.js';

/** Whether a directive of the original has an effect here. @param path as in the tables: `dvr`, `http_server.https`. */
export const isSupported = (path: string): boolean => !(path in laterInRoot) && !(path in laterInVhost);
