/** gantry-init skeleton and rebuild: the same bytes again for every archive that untar takes, and nothing else of the machine. */
import { afterAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { cpSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import fc from 'fast-check';
import { makeSkeleton, rebuild } from '../../src/images/thin/skeleton.ts';
import { untar } from '../../src/images/untar.ts';
import { patience } from '../rig/command.ts';
import { pax, type RawMember, rawTar } from './raw-tar.ts';
import { run, temporaryDirectory } from './rig.ts';

// A skeleton waits for the file system to write everything that is due.
setDefaultTimeout(patience(60_000));

const scratch = temporaryDirectory();
let next = 0;
afterAll(() => scratch[Symbol.dispose]());

const fresh = () => join(scratch.path, String(next++));

function freshDirectory(): string {
  const directory = fresh();
  mkdirSync(directory);
  return directory;
}

interface Kept {
  directory: string;
  skeleton: string;
  /** Bytes of the skeleton before compression. */
  size: number;
}

async function keep(tar: Uint8Array, whiteouts: 'overlay' | 'apply' = 'overlay'): Promise<Kept> {
  const directory = freshDirectory();
  const path = fresh();
  const skeleton = fresh();
  writeFileSync(path, tar);
  await untar(Bun.file(path), directory, { whiteouts, signal: new AbortController().signal });
  await makeSkeleton(Bun.file(path), directory, skeleton);
  return { directory, skeleton, size: zstdDecompressSync(readFileSync(skeleton)).length };
}

async function rebuilt(kept: Pick<Kept, 'directory' | 'skeleton'>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of rebuild(kept.skeleton, kept.directory)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Rebuilds the same; returns how many bytes the skeleton has. */
async function same(tar: Buffer, whiteouts: 'overlay' | 'apply' = 'overlay'): Promise<number> {
  const kept = await keep(tar, whiteouts);
  expect((await rebuilt(kept)).equals(tar)).toBe(true);
  rmSync(kept.directory, { recursive: true });
  return kept.size;
}

const gnuTar = async (from: string, ...options: string[]) =>
  Buffer.from(await Bun.spawn(['tar', ...options, '-C', from, '-cf', '-', '.']).stdout.bytes());

const text = (size: number, seed = 'x') => Buffer.alloc(size, `${seed} some content `);

describe('the same bytes', () => {
  for (const format of ['v7', 'ustar', 'oldgnu', 'gnu', 'pax'])
    test(`${format} as GNU tar writes it`, async () => {
      const from = freshDirectory();
      const deep =
        format === 'v7' ? 'd/e' : `d/${'long-directory-name-'.repeat(format === 'ustar' ? 4 : 6)}/e`;
      mkdirSync(join(from, deep), { recursive: true });
      writeFileSync(join(from, deep, 'file'), text(700_000));
      writeFileSync(join(from, 'secret'), text(5000), { mode: 0o000 });
      await run(['ln', join(from, deep, 'file'), join(from, 'hard')]);
      symlinkSync('../outside', join(from, 'soft'));
      expect(await same(await gnuTar(from, `--format=${format}`))).toBeLessThan(30_000);
    });

  test('sparse files of every kind', async () => {
    const from = freshDirectory();
    await run([
      'sh',
      '-c',
      `cd ${from}; truncate -s 50M s; for i in $(seq 1 60); do seq $i 4000 | dd of=s bs=4096 seek=$((i * 200)) conv=notrunc; done 2>/dev/null`,
    ]);
    for (const options of [
      ['--format=gnu'],
      ['--format=pax', '--sparse-version=0.0'],
      ['--format=pax', '--sparse-version=0.1'],
      ['--format=pax', '--sparse-version=1.0'],
    ])
      expect(await same(await gnuTar(from, '-S', ...options))).toBeLessThan(20_000);
  });

  const cases: [string, RawMember[]][] = [
    ['the same name twice: the first is carried', [one('a', text(3000)), one('a', text(3000, 'y'))]],
    ['twice, and the later one begins the same', [one('a', text(3000)), one('a', text(90_000))]],
    ['a file that a directory replaces', [one('a', text(3000)), { name: 'a', type: '5' }]],
    ['a file that a hard link replaces', [one('a', text(3000)), one('b', text(300)), link('a', 'b')]],
    [
      'a hard link with data, which counts for nothing',
      [one('b', text(300)), { ...link('a', 'b'), size: 0 }],
    ],
    ['a whiteout of what the layer itself brings', [one('a', text(3000)), { name: '.wh.a' }]],
    [
      'whiteouts and opaque directories',
      [{ name: 'd/.wh..wh..opq' }, one('d/a', text(3000)), { name: '.wh.b' }],
    ],
    ['a whiteout that carries data', [one('.wh.c', text(1000))]],
    [
      'through a symbolic link of the layer',
      [link('l', 'd', '2'), one('d/a', text(3000)), one('l/b', text(999))],
    ],
    [
      'absolute and climbing names',
      [one('/a', text(3000)), one('/../b', text(3000)), one('./x/../c', text(3000))],
    ],
    ['names that are not UTF-8', [{ name: Buffer.from([0xff, 0xfe, 0x41]), data: text(4000) }]],
    [
      'devices and fifos',
      [
        { name: 'null', type: '3', major: 1, minor: 3 },
        { name: 'pipe', type: '6' },
      ],
    ],
    ['empty files and no files', [one('empty', Buffer.alloc(0))]],
    [
      'long names and global headers',
      [{ name: 'g', type: 'g', data: '' }, pax(['path', 'p'.repeat(200)]), one('x', text(5000))],
    ],
    ['numbers in base 256', [{ ...one('a', text(2000)), patch: base256 }]],
    [
      'old regular files',
      [
        { ...one('a', text(2000)), type: '\0' },
        { ...one('b', text(2000)), type: '7' },
      ],
    ],
  ];
  for (const [what, members] of cases)
    test(what, async () => {
      const tar = rawTar(...members);
      await same(tar, 'overlay');
      await same(tar, 'apply');
    });

  test('padding that is not zero, and rubbish behind the end', async () => {
    const tar = rawTar(one('a', text(700)));
    tar.fill(0x5a, 512 + 700, 1024);
    await same(Buffer.concat([tar, Buffer.from('rubbish'), Buffer.alloc(700_000, 7)]));
  });

  test('no end marks at all', async () => {
    const tar = rawTar(one('a', text(1024)));
    await same(tar.subarray(0, tar.length - 1024));
    await same(tar.subarray(0, tar.length - 512));
  });

  test('every archive that a generator thinks of', async () => {
    const name = fc.stringMatching(/^[ab]{1,2}(\/[ab]){0,2}$/);
    const data = fc.oneof(
      fc.constant(Buffer.alloc(0)),
      fc.nat(5000).map((size) => text(size)),
      fc.uint8Array({ minLength: 0, maxLength: 3000 }).map((bytes) => Buffer.from(bytes)),
    );
    const member = fc.oneof(
      { weight: 4, arbitrary: fc.record({ name, data }) },
      fc.record({ name, type: fc.constant('5') }),
      fc.record({ name, type: fc.constant('2'), link: name }),
      fc.record({ name, type: fc.constant('1'), link: name }),
      fc.record({ name: name.map((path) => path.replace(/[^/]*$/, '.wh.$&')) }),
    );
    const tail = fc.uint8Array({ maxLength: 2000 });
    let taken = 0;
    const property = fc.asyncProperty(fc.array(member, { maxLength: 8 }), tail, async (members, rest) => {
      const tar = Buffer.concat([rawTar(...(members as RawMember[])), rest]);
      try {
        await same(tar);
        taken += 1;
      } catch (error) {
        // Archives that cannot be unpacked (a hard link to nothing, a parent that is a file) never become layers.
        if (!(error instanceof Error) || error.name !== 'EngineError') throw error;
      }
    });
    await fc.assert(property, { numRuns: 150 });
    expect(taken).toBeGreaterThan(50);
  });
});

function one(name: string, data: Buffer): RawMember {
  return { name, data };
}

function link(name: string, target: string, type = '1'): RawMember {
  return { name, type, link: target };
}

function base256(header: Buffer): void {
  header.fill(0, 124, 136);
  header[124] = 0x80;
  header.writeUInt32BE(2000, 132);
}

describe('what does not fit is said', () => {
  const tar = rawTar(one('d/a', text(300_000)), one('d/b', text(2000, 'b')));
  const broken = async (change: (directory: string) => void) => {
    const kept = await keep(tar);
    change(kept.directory);
    return rebuilt(kept);
  };

  test('a file that is gone, shorter, or something else', async () => {
    await expect(broken((root) => rmSync(join(root, 'd/a')))).rejects.toThrow('open /d/a: No such file');
    await expect(broken((root) => writeFileSync(join(root, 'd/a'), 'short'))).rejects.toThrow(
      '/d/a is shorter than it was',
    );
    await expect(
      broken((root) => {
        rmSync(join(root, 'd/a'));
        mkdirSync(join(root, 'd/a'));
      }),
    ).rejects.toThrow('open /d/a: Invalid argument');
  });

  test('other content gives other bytes', async () => {
    const bytes = await broken((root) => writeFileSync(join(root, 'd/a'), text(300_000, 'z')));
    expect(bytes.length).toBe(tar.length);
    expect(bytes.equals(tar)).toBe(false);
  });

  test('a skeleton that was cut, or is none', async () => {
    const kept = await keep(tar);
    const plain = zstdDecompressSync(readFileSync(kept.skeleton));
    for (const cut of [0, 5, 20, 300, plain.length - 9, plain.length - 1]) {
      writeFileSync(kept.skeleton, zstdCompressSync(plain.subarray(0, cut)));
      await expect(rebuilt(kept)).rejects.toThrow('unexpected EOF');
    }
    const compressed = zstdCompressSync(plain);
    writeFileSync(kept.skeleton, compressed.subarray(0, compressed.length - 5));
    await expect(rebuilt(kept)).rejects.toThrow('unexpected EOF');
    writeFileSync(kept.skeleton, zstdCompressSync(Buffer.alloc(100, 1)));
    await expect(rebuilt(kept)).rejects.toThrow('not a skeleton');
  });
});

describe('a hostile skeleton stays inside', () => {
  const magic = Buffer.from('gantry skeleton 1\n');
  const outside = join(scratch.path, 'outside');
  writeFileSync(outside, 'the secret of another');

  function reference(name: string | Buffer, offset = 0n, size = 21n): Buffer {
    const head = Buffer.alloc(19);
    head.write('F');
    head.writeUInt16LE(Buffer.byteLength(name as string), 1);
    head.writeBigUInt64LE(offset, 3);
    head.writeBigUInt64LE(size, 11);
    return Buffer.concat([head, Buffer.from(name as string)]);
  }

  async function hostile(...records: Buffer[]): Promise<Buffer> {
    const directory = freshDirectory();
    const skeleton = fresh();
    mkdirSync(join(directory, 'd'));
    symlinkSync(outside, join(directory, 'absolute'));
    symlinkSync('../../outside', join(directory, 'd', 'climbing'));
    symlinkSync('..', join(directory, 'd', 'up'));
    symlinkSync('/proc/self/root', join(directory, 'magic'));
    await run(['mkfifo', join(directory, 'fifo')]);
    await run(['mknod', join(directory, 'zero'), 'c', '1', '5']);
    writeFileSync(skeleton, zstdCompressSync(Buffer.concat([magic, ...records])));
    return rebuilt({ directory, skeleton });
  }

  for (const name of [
    outside,
    '/etc/passwd',
    `../${outside.split('/').pop()}`,
    'd/../../outside',
    '../../../../../../etc/passwd',
    'absolute',
    'd/climbing',
    'd/up/up/up/outside',
    'magic/etc/passwd',
    'proc/self/environ',
    'd',
    '.',
    '',
    'fifo',
    'zero',
    Buffer.from('absolute\0x'),
  ])
    test(JSON.stringify(String(name)), async () => {
      await expect(hostile(reference(name))).rejects.toThrow(/rebuild: open \//);
    });

  test('numbers that do not fit', async () => {
    await expect(hostile(reference('d', 2n ** 63n))).rejects.toThrow('the skeleton is damaged');
    await expect(hostile(reference('d', 1n, 2n ** 63n - 1n))).rejects.toThrow('the skeleton is damaged');
    await expect(hostile(reference('x'.repeat(5000)))).rejects.toThrow('the skeleton is damaged');
    await expect(hostile(Buffer.from('D\xff\xff\xff\xff', 'latin1'))).rejects.toThrow('unexpected EOF');
    await expect(hostile(Buffer.from('?'))).rejects.toThrow('the skeleton is damaged');
  });
});

test('nothing of the layer is touched, not even access times', async () => {
  const tar = rawTar(one('a', text(300_000)));
  const kept = await keep(tar);
  const path = join(kept.directory, 'a');
  await run(['touch', '-a', '-d', '2001-01-01', path]);
  const before = statSync(path, { bigint: true });
  await rebuilt(kept);
  expect(statSync(path, { bigint: true })).toEqual(before);
});

test('rebuilt from a copy of the layer as well: names count, not inodes', async () => {
  const tar = rawTar(one('a', text(300_000)), one('b/c', text(2000)));
  const kept = await keep(tar);
  const copy = fresh();
  cpSync(kept.directory, copy, { recursive: true });
  expect((await rebuilt({ ...kept, directory: copy })).equals(tar)).toBe(true);
});
