/** Range headers, of downloads (RFC 9110, section 14) and of uploads (distribution-spec: `0-<last byte>`). */

/** The first byte that a 206 brings, null when its Content-Range cannot be read. */
export function contentRangeStart(header: string): number | null {
  const match = /^bytes (\d{1,15})-\d{1,15}\/(?:\d{1,15}|\*)$/.exec(header.trim());
  return match === null ? null : Number(match[1]);
}

/**
 * How many bytes an upload has, from its Range. Null when it does not say, and for `0-0`, which registries send for one byte as well as
 * for none.
 */
export function uploadedBytes(header: string): number | null {
  const match = /^(?:bytes=)?0-(\d{1,15})$/.exec(header.trim());
  return match === null || match[1] === '0' ? null : Number(match[1]) + 1;
}
