import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrowserContext, chromium, type Page } from 'playwright-core';
import { assert } from 'vitest';
import { CHROMIUM } from '../../scripts/lib/peers.mjs';
import { until } from './run.js';

export interface Browser {
  readonly page: Page;
  /** Requests to other hosts, breaches of the security policy, exceptions of the page. */
  readonly complaints: readonly string[];
  close(): Promise<void>;
}

const quiet = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** The video element of a page, as a viewer sees it: seconds played, and what is wrong with the media. */
async function picture(page: Page): Promise<{ time: number; error: string | null }> {
  await page.locator('video').waitFor();
  return (await page.evaluate(
    `(({ currentTime, error }) => ({ time: currentTime, error: error?.message ?? null }))(document.querySelector('video'))`,
  )) as { time: number; error: string | null };
}

/** Resolves when so many seconds were played. @throws when they are not, or the media fails. */
export async function advances(page: Page, seconds: number): Promise<void> {
  await until('a picture', async () => (await picture(page)).time > 0, 30_000);
  const { time: from } = await picture(page);
  await until(`${seconds} s of pictures`, async () => (await picture(page)).time > from + seconds, 30_000);
  assert.isNull((await picture(page)).error);
}

/** Chromium with a profile of its own, on an empty page. Whoever opens it closes it. */
export async function openBrowser(
  options: Parameters<typeof chromium.launchPersistentContext>[1] = {},
): Promise<Browser> {
  const profile = await mkdtemp(join(tmpdir(), 'srs-chromium-'));
  const context: BrowserContext = await chromium.launchPersistentContext(profile, {
    executablePath: CHROMIUM,
    headless: true,
    args: quiet,
    ...options,
  });
  const page = context.pages()[0] ?? (await context.newPage());
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    if (message.text().includes('Content Security Policy')) complaints.push(message.text());
  });
  page.on('request', (request) => {
    const url = new URL(request.url());
    if (!['127.0.0.1', ''].includes(url.hostname)) complaints.push(`request to ${url.href}`);
  });
  return {
    page,
    complaints,
    async close() {
      await context.close();
      await rm(profile, { recursive: true, force: true });
    },
  };
}
