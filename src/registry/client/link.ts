/** The target of `rel="next"` in a Link header (RFC 8288), as registries send it with a page of tags; null when this was the last page. */
export function nextPage(header: string): string | null {
  for (const [, target = '', parameters = ''] of header.matchAll(/<([^>]*)>([^<]*)/g))
    if (/;\s*rel\s*=\s*"?(?:[^",;]*\s)?next(?:[\s",;]|$)/i.test(parameters)) return target;
  return null;
}
