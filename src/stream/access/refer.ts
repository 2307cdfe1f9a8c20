/**
 * Whether the page is of one of the domains or below them: `example.com` fits `www.example.com`, not `badexample.com`.
 * @param pageUrl what the client reports; without one nothing fits.
 */
export function refersTo(domains: readonly string[], pageUrl: string): boolean {
  const host = hostOf(pageUrl);
  if (host === undefined) return false;
  return domains.some((domain) => {
    const wanted = domain.toLowerCase().replace(/^\.|\.$/g, '');
    return wanted !== '' && (host === wanted || host.endsWith(`.${wanted}`));
  });
}

function hostOf(pageUrl: string): string | undefined {
  try {
    return new URL(pageUrl).hostname.toLowerCase().replace(/\.$/, '') || undefined;
  } catch {
    return undefined;
  }
}
