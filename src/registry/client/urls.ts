/** URLs that others name: in settings, in challenges, in answers. */

/** null for what is no URL, or of another scheme than http and https. */
export function httpUrl(text: string, base?: string): URL | null {
  const url = URL.parse(text, base);
  return url !== null && (url.protocol === 'http:' || url.protocol === 'https:') ? url : null;
}

/** The same without user:password@, which would become a header of its own. */
export function withoutUser(url: URL): URL {
  const bare = new URL(url);
  bare.username = '';
  bare.password = '';
  return bare;
}
