/** Layer tars made wrong at random, so that most headers are still believed. */
const block = 512;

/** mulberry32: the same seed, the same archives. */
export function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

type Random = ReturnType<typeof random>;
type Mutation = (tar: Buffer, pick: Random, other: Buffer) => Buffer;

const at = (tar: Buffer, pick: Random) => pick(Math.max(1, tar.length >> 9)) * block;
const numbers = [
  '00000000000\0',
  '77777777777\0',
  '00000001000\0',
  '-0000000001\0',
  '\x80\0\0\0\x7f\xff\xff\xff\xff\xff\xff\xff',
  '\xff'.repeat(12),
];
const texts = [
  '../x',
  '/',
  '.',
  '..',
  '.wh.',
  '.wh..',
  '.wh..wh..opq',
  'a/../../x',
  '\xff\xfe',
  'GNU.sparse.map=0,1',
  '9999 path=x\n',
  '10 size=9\n',
  '21 GNU.sparse.major=1\n',
];
const types = '01234567DKLMNSVXgx\0Z';
/** Of name, mode, uid, size, mtime, type, link, magic, device numbers, prefix. */
const fields = [0, 100, 108, 124, 136, 156, 157, 257, 329, 337, 345, 386, 482, 483];

const numeric = [108, 116, 124, 136, 329, 483];
const named = [0, 157, 345];

const mutations: Mutation[] = [
  (tar, pick) => write(tar, pick(tar.length || 1), String.fromCharCode(pick(256))),
  (tar, pick) =>
    write(tar, at(tar, pick) + (fields[pick(fields.length)] ?? 0), String.fromCharCode(pick(256))),
  (tar, pick) => write(tar, at(tar, pick) + 156, types[pick(types.length)] ?? '0'),
  (tar, pick) =>
    write(tar, at(tar, pick) + (numeric[pick(numeric.length)] ?? 0), numbers[pick(numbers.length)] ?? ''),
  (tar, pick) =>
    write(tar, at(tar, pick) + (named[pick(named.length)] ?? 0), `${texts[pick(texts.length)]}\0`),
  (tar, pick) => write(tar, at(tar, pick), texts[pick(texts.length)] ?? ''),
  (tar, pick) => tar.subarray(0, pick(tar.length || 1)),
  (tar, pick) => insert(tar, at(tar, pick), tar.subarray(at(tar, pick)).subarray(0, block)),
  (tar, pick, other) => insert(tar, at(tar, pick), other.subarray(0, block * (1 + pick(6)))),
  (tar, pick) => {
    const start = at(tar, pick);
    return Buffer.concat([tar.subarray(0, start), tar.subarray(start + block)]);
  },
];

function write(tar: Buffer, offset: number, text: string): Buffer {
  const copy = Buffer.from(tar);
  copy.write(text, Math.min(offset, copy.length), 'latin1');
  return copy;
}

const insert = (tar: Buffer, offset: number, piece: Buffer) =>
  Buffer.concat([tar.subarray(0, offset), piece, tar.subarray(offset)]);

/** Headers whose checksum no longer fits would all end the same way. */
function mendChecksums(tar: Buffer): Buffer {
  const copy = Buffer.from(tar);
  for (let start = 0; start + block <= copy.length; start += block) {
    const header = copy.subarray(start, start + block);
    if (header.toString('latin1', 257, 262) !== 'ustar') continue;
    header.write('        ', 148);
    const sum = header.reduce((total, byte) => total + byte, 0);
    header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  }
  return copy;
}

export function mutate(corpus: readonly Buffer[], pick: Random): Buffer {
  const choose = () => corpus[pick(corpus.length)] ?? Buffer.alloc(0);
  let tar = choose();
  for (let left = 1 + pick(4); left > 0; left--)
    tar = mutations[pick(mutations.length)]?.(tar, pick, choose()) ?? tar;
  return pick(10) === 0 ? tar : mendChecksums(tar);
}
