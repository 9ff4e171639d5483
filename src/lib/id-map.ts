/**
 * Which ids of a mount's files are seen as which: `uids=0-1000-1#1-100001-65535;gids=0-1000-1`. Each range is the first id on disk,
 * the first that is seen, and how many; `#` stands between ranges. A kind that is not named is mapped like the other one. Without
 * any range the owner of the mounted directory is seen as the container's user, and the other way round.
 */
export interface IdRange {
  from: number;
  to: number;
  count: number;
}

export type IdMap = 'owner' | { uids: IdRange[]; gids: IdRange[] };

/** As many lines as the kernel takes (user_namespaces(7)). */
const maxRanges = 340;
/** 2^32-1 is no id. */
const ids = 2 ** 32 - 1;

/** Throws RangeError that names what is wrong. */
export function parseIdMap(text: string): IdMap {
  if (text === '') return 'owner';
  const kinds = new Map<string, IdRange[]>();
  for (const part of text.split(';')) {
    const [, kind, ranges] = /^(uids|gids)=(.+)$/.exec(part) ?? [];
    if (kind === undefined || ranges === undefined || kinds.has(kind))
      throw new RangeError(`invalid idmap '${text}': it takes uids=FROM-TO-COUNT and gids=FROM-TO-COUNT`);
    kinds.set(kind, ranges.split('#').map(parseRange));
  }
  const uids = kinds.get('uids') ?? kinds.get('gids') ?? [];
  const map = { uids, gids: kinds.get('gids') ?? uids };
  checkIdMap(map);
  return map;
}

function parseRange(text: string): IdRange {
  const numbers = /^(\d{1,10})-(\d{1,10})-(\d{1,10})$/.exec(text)?.slice(1).map(Number);
  if (numbers === undefined) throw new RangeError(`invalid idmap range '${text}': it must be FROM-TO-COUNT`);
  const [from = 0, to = 0, count = 0] = numbers;
  return { from, to, count };
}

/** What the kernel would refuse without a word. */
export function checkIdMap(map: IdMap): void {
  if (map === 'owner') return;
  for (const ranges of [map.uids, map.gids]) {
    if (ranges.length === 0 || ranges.length > maxRanges)
      throw new RangeError(`an idmap has 1 to ${maxRanges} ranges`);
    for (const range of ranges) checkRange(range);
    for (const end of ['from', 'to'] as const) checkApart(ranges, end);
  }
}

function checkRange({ from, to, count }: IdRange): void {
  const isWhole = [from, to, count].every((number) => Number.isInteger(number) && number >= 0);
  if (!isWhole || count === 0 || Math.max(from, to) + count > ids)
    throw new RangeError(`invalid idmap range '${from}-${to}-${count}': ids are 0 to ${ids - 1}`);
}

function checkApart(ranges: readonly IdRange[], end: 'from' | 'to'): void {
  const sorted = [...ranges].sort((a, b) => a[end] - b[end]);
  for (const [i, range] of sorted.entries()) {
    const before = sorted[i - 1];
    if (before !== undefined && before[end] + before.count > range[end])
      throw new RangeError(`idmap ranges overlap at ${range[end]}`);
  }
}
