/** Several reasons why a request is refused as one text: one alone as it is, more as moby's list with a star each. */
export function joinReasons(reasons: readonly string[]): string {
  const [first = ''] = reasons;
  if (reasons.length === 1) return first.trim();
  return reasons.map((reason) => `* ${reason.replaceAll('\n', '\n\t')}`).join('\n');
}
