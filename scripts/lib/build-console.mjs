// @ts-check
/** The web page, from src/console into dist/console. */
import { join } from 'node:path';
import { root } from './setup.mjs';

/** Everything but index.html lies in console/, so that the page takes one name only beside the apps of streams. */
export async function buildConsole() {
  const { build } = await import('vite');
  await build({
    root: join(root, 'src/console'),
    configFile: false,
    base: './',
    logLevel: 'warn',
    build: {
      outDir: join(root, 'dist/console'),
      emptyOutDir: true,
      assetsDir: 'console',
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      target: 'es2022',
      chunkSizeWarningLimit: 700, // hls.js, loaded when somebody plays HLS
      reportCompressedSize: false,
    },
  });
}
