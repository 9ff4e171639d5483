/** Text order in which runs of digits count as numbers: a9 before a10. */
export function naturalOrder(a: string, b: string): number {
  const [left, right] = [pieces(a), pieces(b)];
  for (let position = 0; position < Math.min(left.length, right.length); position++) {
    const [x = '', y = ''] = [left[position], right[position]];
    if (x === y) continue;
    const numeric = /^\d/.test(x) && /^\d/.test(y) && Number(x) !== Number(y);
    return numeric ? Number(x) - Number(y) : x < y ? -1 : 1;
  }
  return left.length - right.length;
}

function pieces(text: string): string[] {
  return text.match(/\d+|\D/g) ?? [];
}
