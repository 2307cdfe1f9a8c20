import { stat } from 'node:fs/promises';
import { extname, join, sep } from 'node:path';
import type { Config, VhostConfig } from '../config/index.js';
import { containedPath } from '../kernel/index.js';
import { pathOf } from './live-request.js';

/** A file that a request names: below which directory, and where. */
export interface StaticFile {
  readonly root: string;
  /** Below `root`, links followed. */
  readonly path: string;
  /** The path lacks the `/` at its end: links of the index.html there would lead elsewhere. */
  readonly isDirectory: boolean;
}

/**
 * The file of a request, in the mount of its vhost or in `http_server { dir }`.
 * @returns undefined for a path that leads nowhere, to a hidden file, or out of the directory.
 */
export async function findFile(
  config: Config,
  vhost: VhostConfig | undefined,
  url: string,
): Promise<StaticFile | undefined> {
  const path = pathOf(url);
  if (path === undefined || isOdd(path)) return undefined;
  const mounted = vhost?.httpStatic.enabled === true ? underMount(vhost.httpStatic.mount, path) : undefined;
  const root = mounted === undefined ? config.httpServer.dir : (vhost?.httpStatic.dir ?? config.httpServer.dir);
  const file = await fileBelow(root, mounted ?? path);
  return file === undefined || (await isGuarded(config, file)) ? undefined : file;
}

/** Whether somebody may be refused to play streams of a vhost, or is counted for it; keys are for players only. */
function hasRules({ security, sign, refer, httpHooks, maxViewers, hls }: VhostConfig): boolean {
  const refers = refer.enabled && refer.all.length + refer.play.length > 0;
  const asks =
    httpHooks.enabled && [httpHooks.onConnect, httpHooks.onPlay, httpHooks.onStop].some(({ length }) => length > 0);
  return security.enabled || sign.play || refers || asks || maxViewers > 0 || hls.hlsKeys;
}

/**
 * Live HLS is served from memory, where access rules hold. The copy on disk is for other file servers: from here it
 * would be a way round the rules, to keys as well. Without rules there is nothing to get round.
 */
async function isGuarded(config: Config, { root, path }: StaticFile): Promise<boolean> {
  for (const vhost of config.vhosts.values()) {
    const { hls } = vhost;
    if (!hls.enabled || hls.hlsStorage !== 'both' || !hasRules(vhost)) continue;
    const kinds = [hls.hlsM3u8File, hls.hlsTsFile, hls.hlsKeyFile].map((pattern) => extname(pattern));
    if (!kinds.includes(extname(path))) continue;
    for (const directory of [hls.hlsPath, hls.hlsKeyFilePath]) {
      const real = directory === '' ? undefined : await containedPath(directory, '.');
      if (real !== undefined && join(root, path).startsWith(join(real, sep))) return true;
    }
  }
  return false;
}

/** @param wanted a decoded path; one that ends in `/` names the index.html there. */
async function fileBelow(root: string, wanted: string): Promise<StaticFile | undefined> {
  const file = await containedPath(root, wanted.endsWith('/') ? `${wanted}index.html` : wanted);
  const real = file === undefined ? undefined : await containedPath(root, '.');
  if (file === undefined || real === undefined) return undefined;
  const found = { root: real, path: file.slice(real.length) };
  const is = await stat(file).catch(() => undefined);
  if (is?.isDirectory() !== true) return { ...found, isDirectory: false };
  const index = wanted.endsWith('/') ? undefined : await containedPath(root, `${wanted}/index.html`);
  return index === undefined ? undefined : { ...found, isDirectory: true };
}

/** Where the directory of a request is: a path on this server, whatever slashes were sent, with the same query. */
export function directoryUrl(url: string): string {
  const parts = (pathOf(url) ?? '').split('/').filter((part) => part !== '');
  return `/${parts.map((part) => `${encodeURIComponent(part)}/`).join('')}${/\?.*/.exec(url)?.[0] ?? ''}`;
}

/** The file of the console's page that a request names. */
export async function findConsoleFile(directory: string, url: string): Promise<StaticFile | undefined> {
  const path = pathOf(url);
  return path === undefined || isOdd(path) ? undefined : fileBelow(directory, path);
}

/** Hidden files, and the separator of another system. */
const isOdd = (path: string): boolean => path.includes('\\') || path.split('/').some((part) => part.startsWith('.'));

/** `[vhost]/hls/` and `/hls/x.ts` → `/x.ts`. */
function underMount(mount: string, path: string): string | undefined {
  const prefix = mount.replace(/^\/?(\[vhost\]|__defaultVhost__)?\/*/, '/').replace(/\/*$/, '/');
  return path.startsWith(prefix) ? path.slice(prefix.length - 1) : undefined;
}
