/** gantry-init untar alone: real trees against GNU tar, the formats, and archives that mean harm. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { createHash, randomBytes } from 'node:crypto';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { untar } from '../../src/images/untar.ts';
import { pax, type RawMember, rawTar } from './raw-tar.ts';
import { run, temporaryDirectory } from './rig.ts';

const scratch = temporaryDirectory();
/** What no archive may touch. */
const canary = join(scratch.path, 'canary');
let next = 0;

beforeAll(() => {
  mkdirSync(canary);
  writeFileSync(join(canary, 'file'), 'untouched');
});
afterAll(() => {
  expect(readdirSync(canary)).toEqual(['file']);
  expect(readFileSync(join(canary, 'file'), 'utf8')).toBe('untouched');
  scratch[Symbol.dispose]();
});

type Whiteouts = 'overlay' | 'apply' | 'none';

async function* chunks(bytes: Buffer) {
  // Odd sizes, so that headers fall across chunks.
  for (let at = 0; at < bytes.length; at += 65_521) yield bytes.subarray(at, at + 65_521);
}

function freshDirectory(): string {
  const directory = join(scratch.path, String(next++));
  mkdirSync(directory);
  return directory;
}

async function unpack(bytes: Buffer, whiteouts: Whiteouts = 'overlay', directory = freshDirectory()) {
  const result = await untar(chunks(bytes), directory, { whiteouts, signal: new AbortController().signal });
  return { ...result, directory, path: (name: string) => join(directory, name) };
}

const unpackMembers = (...members: RawMember[]) => unpack(rawTar(...members));

describe('formats', () => {
  for (const format of ['v7', 'ustar', 'oldgnu', 'gnu', 'pax'])
    test(`${format} as GNU tar writes it`, async () => {
      const from = freshDirectory();
      const deep = format === 'v7' ? 'd/e' : `d/${'long-directory-name-'.repeat(4)}/e`;
      mkdirSync(join(from, deep), { recursive: true });
      writeFileSync(join(from, deep, 'file'), 'x'.repeat(70_000));
      await run(['ln', join(from, deep, 'file'), join(from, 'hard')]);
      await run(['ln', '-s', '../outside', join(from, 'soft')]);
      writeFileSync(join(from, 'setuid'), 'x');
      await run(['chmod', '4751', join(from, 'setuid')]);
      if (format !== 'v7') await run(['mkfifo', join(from, 'fifo')]);
      if (format !== 'v7') await run(['mknod', join(from, 'null'), 'c', '1', '3']);
      const archive = Buffer.from(
        await Bun.spawn(['tar', `--format=${format}`, '-C', from, '-cf', '-', '.']).stdout.bytes(),
      );
      const { directory } = await unpack(archive);
      const times = format === 'pax' ? '%T@' : '%Ts';
      const list = (root: string) =>
        run([
          'sh',
          '-c',
          `cd ${root} && find . -mindepth 1 -printf '%p %m %U %G %s %n %l ${times} %y\\n' | sort`,
        ]);
      expect(await list(directory)).toBe(await list(from));
      await run(['diff', '-r', '--no-dereference', join(directory, 'd'), join(from, 'd')]);
    });

  test('sparse files of every kind', async () => {
    const from = freshDirectory();
    await run([
      'sh',
      '-c',
      `cd ${from}; truncate -s 50M s; printf hello | dd of=s bs=1 seek=20000000 conv=notrunc; for i in $(seq 1 60); do printf $i | dd of=s bs=1 seek=$((i * 300000)) conv=notrunc; done 2>/dev/null`,
    ]);
    for (const options of [
      ['--format=gnu'],
      ['--sparse-version=0.0'],
      ['--sparse-version=0.1'],
      ['--sparse-version=1.0'],
    ]) {
      const format = options[0] === '--format=gnu' ? [] : ['--format=pax'];
      const archive = await Bun.spawn([
        'tar',
        '-S',
        ...format,
        ...options,
        '-C',
        from,
        '-cf',
        '-',
        '.',
      ]).stdout.bytes();
      const { path } = await unpack(Buffer.from(archive));
      await run(['cmp', path('s'), join(from, 's')]);
      expect(statSync(path('s')).blocks).toBeLessThan(4000);
    }
  });

  test('extended attributes, as SCHILY and as LIBARCHIVE write them', async () => {
    const capability = Buffer.from('0100000200040000000000000000000000000000', 'hex');
    const { path } = await unpackMembers(
      pax(['SCHILY.xattr.user.a', 'b=c'], ['SCHILY.xattr.security.capability', capability]),
      { name: 'schily', data: 'x' },
      pax(['LIBARCHIVE.xattr.user.with%20space', Buffer.from('value').toString('base64')]),
      { name: 'libarchive', data: 'x' },
    );
    const dump = (name: string) =>
      run([
        'python3',
        '-c',
        `import os,sys; print(sorted((k, os.getxattr(sys.argv[1], k).hex()) for k in os.listxattr(sys.argv[1])))`,
        path(name),
      ]);
    expect(await dump('schily')).toBe(
      `[('security.capability', '${capability.toString('hex')}'), ('user.a', '${Buffer.from('b=c').toString('hex')}')]\n`,
    );
    expect(await dump('libarchive')).toBe(
      `[('user.with space', '${Buffer.from('value').toString('hex')}')]\n`,
    );
  });

  test('names that are not UTF-8, times before 1970 and with nanoseconds, base-256 numbers', async () => {
    const { directory, path } = await unpackMembers(
      { name: Buffer.from([0x61, 0xff, 0xfe]), data: 'x' },
      pax(['mtime', '-1.25']),
      { name: 'old', data: 'x' },
      pax(['mtime', '1700000000.123456789']),
      { name: 'exact', data: 'x' },
      { name: 'big', data: 'x', patch: (header) => header.write('\x80\0\0\0\0\x01\x02\x03', 108, 'latin1') },
    );
    expect(readdirSync(directory, { encoding: 'buffer' }).map((name) => name.toString('latin1'))).toContain(
      'a\xff\xfe',
    );
    expect(lstatSync(path('old'), { bigint: true }).mtimeNs).toBe(-1_250_000_000n);
    expect(lstatSync(path('exact'), { bigint: true }).mtimeNs).toBe(1_700_000_000_123_456_789n);
    expect(lstatSync(path('big')).uid).toBe(0x010203);
  });

  test('the last of equal names wins; a directory keeps what is in it', async () => {
    const { path } = await unpackMembers(
      { name: 'd', type: '5', mode: 0o700 },
      { name: 'd/x', data: '1' },
      { name: 'd', type: '5', mode: 0o755 },
      { name: 'f', data: '1' },
      { name: 'f', data: '22' },
      { name: 'g', type: '5' },
      { name: 'g/x', data: '1' },
      { name: 'g', data: 'file' },
    );
    expect(readFileSync(path('d/x'), 'utf8')).toBe('1');
    expect(lstatSync(path('d')).mode & 0o777).toBe(0o755);
    expect(readFileSync(path('f'), 'utf8')).toBe('22');
    expect(readFileSync(path('g'), 'utf8')).toBe('file');
  });

  test('directories that were only implied are reported', async () => {
    const { implied } = await unpackMembers({ name: 'a/b/c', data: '' }, { name: 'a', type: '5' });
    expect(implied).toEqual(['', 'a/b']);
  });

  test('what a whiteout has cut off from the layer below is not reported as implied', async () => {
    const { implied } = await unpackMembers(
      { name: '.wh.a', data: '' },
      { name: 'a/b/c', data: '' },
      { name: 'd/e/f', data: '' },
      { name: '.wh.d', data: '' },
      { name: 'g/h/i', data: '' },
      { name: 'g/.wh..wh..opq', data: '' },
      { name: 'j/k', data: '' },
    );
    expect(implied.toSorted()).toEqual(['', 'g', 'j']);
  });

  test('the entry of the root itself changes nothing: a 0700 there would lock users out', async () => {
    const { directory, implied } = await unpackMembers(
      { name: './', type: '5', mode: 0o700 },
      { name: 'x', data: '' },
    );
    expect(lstatSync(directory).mode & 0o777).toBe(0o755);
    expect(implied).toEqual(['']);
  });

  test('a real root file system equals what GNU tar makes of it', async () => {
    const archive = '/var/cache/gantry-test/debian-minbase.tar';
    if (!existsSync(archive)) return;
    const ours = freshDirectory();
    const theirs = freshDirectory();
    await untar(Bun.file(archive), ours, { whiteouts: 'overlay', signal: new AbortController().signal });
    await run(['tar', '-C', theirs, '-xpf', archive]);
    const list = (root: string) =>
      run([
        'sh',
        '-c',
        `cd ${root} && find . -mindepth 1 -printf '%p %m %U %G %n %l %T@ %y\\n' | sort | sha256sum; find . -type f -print0 | sort -z | xargs -0 sha256sum | sha256sum`,
      ]);
    expect(await list(ours)).toBe(await list(theirs));
  }, 60_000);
});

describe('gzip, and the digest of what is in it', () => {
  const sha = (bytes: Uint8Array) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
  const gunzip = (bytes: Uint8Array, directory = freshDirectory()) =>
    untar(chunks(Buffer.from(bytes)), directory, {
      whiteouts: 'overlay',
      compression: 'gzip',
      signal: new AbortController().signal,
    });
  const archive = rawTar(
    { name: 'a', data: randomBytes(3_000_000) },
    { name: 'b', data: 'x'.repeat(2_000_000) },
  );
  const packed = Bun.gzipSync(archive);

  test('the digest is that of the plain archive, of every length', async () => {
    for (const length of [0, 1, 55, 56, 63, 64, 65, 119, 120, 511, 100_000]) {
      // What stands behind the end of an archive belongs to the layer.
      const bytes = Buffer.concat([rawTar({ name: 'x', data: 'y' }), randomBytes(length)]);
      expect(await unpack(bytes)).toMatchObject({ digest: sha(bytes) });
      expect(await gunzip(Bun.gzipSync(bytes))).toMatchObject({ digest: sha(bytes) });
    }
  });

  test('a file, whose position is told', async () => {
    const [from, directory] = [freshDirectory(), freshDirectory()];
    writeFileSync(join(from, 'layer'), packed);
    const unpacked = await untar(Bun.file(join(from, 'layer')), directory, {
      whiteouts: 'overlay',
      compression: 'gzip',
      progress: (position) => expect(position).toBeLessThanOrEqual(packed.length),
      signal: new AbortController().signal,
    });
    expect(unpacked).toMatchObject({ digest: sha(archive), bytes: 5_000_000 });
    expect(statSync(join(directory, 'a')).size).toBe(3_000_000);
  });

  test('several members, and rubbish behind them', async () => {
    const members = [archive.subarray(0, 700), archive.subarray(700, 700), archive.subarray(700)];
    const stream = Buffer.concat(members.map((member) => Bun.gzipSync(new Uint8Array(member))));
    expect(await gunzip(stream)).toMatchObject({ digest: sha(archive) });
    expect(await gunzip(Buffer.concat([stream, Buffer.alloc(70_000)]))).toMatchObject({
      digest: sha(archive),
    });
  });

  test('damage', async () => {
    for (const end of [0, 5, 18, 1000, packed.length - 9, packed.length - 1])
      await expect(gunzip(packed.subarray(0, end))).rejects.toThrow(/unexpected EOF/);
    const flipped = (at: number) => {
      const copy = Buffer.from(packed);
      copy[at] = (copy[at] ?? 0) ^ 0x55;
      return copy;
    };
    await expect(gunzip(flipped(packed.length - 6))).rejects.toThrow(/gzip: incorrect data check/);
    await expect(gunzip(flipped(0))).rejects.toThrow(/gzip: incorrect header check/);
    await expect(gunzip(flipped(2_000_000))).rejects.toThrow(/gzip: /);
  });
});

describe('whiteouts', () => {
  const isWhiteout = (path: string) => lstatSync(path).isCharacterDevice() && lstatSync(path).rdev === 0;
  const opaque = async (path: string) =>
    (await run(['python3', '-c', 'import os,sys; print(os.listxattr(sys.argv[1]))', path])).includes(
      'trusted.overlay.opaque',
    );

  test('become character devices and opaque directories for overlay', async () => {
    const { path } = await unpackMembers(
      { name: 'd', type: '5' },
      { name: 'd/.wh.gone', data: '' },
      { name: 'o', type: '5' },
      { name: 'o/.wh..wh..opq', data: '' },
      { name: 'o/new', data: '' },
      { name: '.wh..wh.plnk', type: '5' },
    );
    expect(isWhiteout(path('d/gone'))).toBe(true);
    expect(await opaque(path('o'))).toBe(true);
    expect(await opaque(path('d'))).toBe(false);
    expect(existsSync(path('.wh..wh.plnk'))).toBe(false);
  });

  test('a whiteout and a new entry of the same name, in both orders', async () => {
    const { path } = await unpackMembers(
      { name: '.wh.first', data: '' },
      { name: 'first', type: '5', mode: 0o755 },
      { name: 'second', type: '5', mode: 0o755 },
      { name: '.wh.second', data: '' },
      { name: '.wh.implied', data: '' },
      { name: 'implied/x', data: '' },
      { name: '.wh.file', data: '' },
      { name: 'file', data: 'new' },
    );
    for (const name of ['first', 'second', 'implied']) expect(await opaque(path(name))).toBe(true);
    expect(readFileSync(path('file'), 'utf8')).toBe('new');
  });

  test('an opaque mark alone empties a directory that is older, and keeps it', async () => {
    const directory = freshDirectory();
    await unpack(rawTar({ name: 'a/old', data: '' }), 'apply', directory);
    await unpack(rawTar({ name: 'a/.wh..wh..opq', data: '' }), 'apply', directory);
    expect(readdirSync(directory)).toEqual(['a']);
    expect(readdirSync(join(directory, 'a'))).toEqual([]);
  });

  test('are applied to what is older, never to what the same layer brought', async () => {
    const directory = freshDirectory();
    await unpack(
      rawTar(
        { name: 'a/old', data: '' },
        { name: 'a/deep/old', data: '' },
        { name: 'b/old', data: '' },
        { name: 'f', data: '' },
      ),
      'apply',
      directory,
    );
    await unpack(
      rawTar(
        { name: 'a/new', data: '' },
        { name: 'a/deep/new', data: '' },
        { name: 'a/.wh..wh..opq', data: '' },
        { name: '.wh.b', data: '' },
        { name: '.wh.f', data: '' },
        { name: '.wh.never-there', data: '' },
      ),
      'apply',
      directory,
    );
    expect((await run(['sh', '-c', `cd ${directory} && find . | sort`])).split('\n').filter(Boolean)).toEqual(
      ['.', './a', './a/deep', './a/deep/new', './a/new'],
    );
  });
});

describe('hostile archives', () => {
  /** From inside the layer's directory. */
  const up = '../canary';
  const refused: [string, Buffer, RegExp][] = [
    ['a name that climbs out', rawTar({ name: `${up}/x`, data: '' }), /invalid name .*outside of the root/],
    [
      'a name that climbs out in the middle',
      rawTar({ name: `a/../../canary/x`, data: '' }),
      /outside of the root/,
    ],
    [
      'a pax name that climbs out',
      rawTar(pax(['path', `${up}/x`]), { name: 'x', data: '' }),
      /outside of the root/,
    ],
    [
      'a long name that climbs out',
      rawTar({ name: 'L', type: 'L', data: `${up}/x\0` }, { name: 'x' }),
      /outside of the root/,
    ],
    [
      'a hard link that climbs out',
      rawTar({ name: 'x', type: '1', link: `${up}/file` }),
      /invalid hard link target/,
    ],
    [
      'a hard link to nothing',
      rawTar({ name: 'x', type: '1', link: '/etc/shadow' }),
      /create \/x: No such file/,
    ],
    [
      'a whiteout of the parent',
      rawTar({ name: 'd', type: '5' }, { name: 'd/.wh...', data: '' }),
      /invalid whiteout/,
    ],
    [
      'a whiteout of the directory',
      rawTar({ name: 'd', type: '5' }, { name: 'd/.wh..', data: '' }),
      /invalid whiteout/,
    ],
    ['a whiteout of nothing', rawTar({ name: '.wh.', data: '' }), /invalid whiteout/],
    [
      'a root that is a file',
      rawTar({ name: './', type: '2', link: '/' }),
      /root directory cannot be replaced/,
    ],
    ['a wrong checksum', rawTar({ name: 'x', checksum: 1 }), /archive\/tar: invalid tar header/],
    ['garbage', Buffer.alloc(4096, 'garbage '), /archive\/tar: invalid tar header/],
    [
      'a lone block of zeros',
      Buffer.concat([Buffer.alloc(512), rawTar({ name: 'x' })]),
      /invalid tar header/,
    ],
    ['an end in the data', rawTar({ name: 'x', data: 'abc', size: 100_000 }), /unexpected EOF/],
    ['an end in the header', rawTar({ name: 'x', data: '' }).subarray(0, 300), /unexpected EOF/],
    ['a negative size', rawTar({ name: 'x', patch: (h) => h.fill(0xff, 124, 136) }), /invalid tar header/],
    [
      'a size of 2^80',
      rawTar({ name: 'x', patch: (h) => h.write('\x80\x01\0\0\0\0\0\0\0\0\0\0', 124, 'latin1') }),
      /invalid tar header/,
    ],
    ['a pax header of 2 GiB', rawTar({ name: 'x', type: 'x', size: 2 ** 31 }), /invalid tar header/],
    ['a long name of 2 GiB', rawTar({ name: 'x', type: 'L', size: 2 ** 31 }), /invalid tar header/],
    ['a name of 5000 bytes', rawTar(pax(['path', 'x'.repeat(5000)]), { name: 'x' }), /name too long/],
    ['a part of 300 bytes', rawTar(pax(['path', 'x'.repeat(300)]), { name: 'x' }), /File name too long/],
    [
      'a pax record that is longer than its header',
      rawTar({ name: 'p', type: 'x', data: '99 path=x\n' }, { name: 'x' }),
      /invalid tar header/,
    ],
    [
      'a pax record without =',
      rawTar({ name: 'p', type: 'x', data: '9 path x\n' }, { name: 'x' }),
      /invalid tar header/,
    ],
    ['a pax path with a NUL', rawTar(pax(['path', 'a\0b']), { name: 'x' }), /invalid tar header/],
    [
      'a sparse map that overlaps',
      rawTar(pax(['GNU.sparse.major', '0'], ['GNU.sparse.map', '0,2,1,2'], ['GNU.sparse.size', '10']), {
        name: 'x',
        data: 'abcd',
      }),
      /invalid tar header/,
    ],
    [
      'a sparse map beyond the file',
      rawTar(pax(['GNU.sparse.map', '9007199254740993,2'], ['GNU.sparse.size', '10']), {
        name: 'x',
        data: 'ab',
      }),
      /invalid tar header/,
    ],
    [
      'a sparse name that climbs out',
      rawTar(pax(['GNU.sparse.name', `${up}/x`], ['GNU.sparse.map', '0,2'], ['GNU.sparse.size', '2']), {
        name: 'x',
        data: 'ab',
      }),
      /outside of the root/,
    ],
    ['an unknown type', rawTar({ name: 'x', type: 'Z' }), /unhandled tar header type 90/],
    ['an owner beyond 32 bits', rawTar(pax(['uid', '4294967295']), { name: 'x' }), /out of range/],
  ];
  for (const [what, archive, message] of refused)
    test(`${what} is refused`, async () => {
      await expect(unpack(archive)).rejects.toThrow(message);
    });

  test('an absolute name stays inside', async () => {
    const { path } = await unpackMembers({ name: '/etc/evil', data: 'x' }, { name: '/../../up', data: 'y' });
    expect(readFileSync(path('etc/evil'), 'utf8')).toBe('x');
    expect(readFileSync(path('up'), 'utf8')).toBe('y');
    expect(existsSync('/etc/evil')).toBe(false);
  });

  test('symbolic links lead nowhere but inside', async () => {
    const { path } = await unpackMembers(
      { name: 'absolute', type: '2', link: canary },
      { name: 'relative', type: '2', link: '../../../../../../../../../../..' },
      { name: 'chain', type: '2', link: `relative${canary}` },
      { name: 'relative/through', data: 'x' },
    );
    // The target of `relative` is the root of the layer.
    expect(readFileSync(path('through'), 'utf8')).toBe('x');
    expect(readlinkSync(path('absolute'))).toBe(canary);
    for (const name of ['absolute/x', 'chain/x'])
      await expect(
        unpackMembers({ name: name.split('/')[0] ?? '', type: '2', link: canary }, { name, data: '' }),
      ).rejects.toThrow(/: No such file|Not a directory|File exists/);
  });

  test('a file is never written through a symbolic link of its name', async () => {
    const { path } = await unpackMembers(
      { name: 'x', type: '2', link: `${canary}/file` },
      { name: 'x', data: 'evil' },
    );
    expect(lstatSync(path('x')).isFile()).toBe(true);
  });

  test('a directory does not become the target of a link of its name', async () => {
    const { path } = await unpackMembers(
      { name: 'x', type: '2', link: canary },
      { name: 'x', type: '5', mode: 0o777 },
      { name: 'x/in', data: '' },
    );
    expect(lstatSync(path('x')).isDirectory()).toBe(true);
  });

  test('a hard link through symbolic links cannot leave, nor change what it names', async () => {
    await expect(
      unpackMembers({ name: 'l', type: '2', link: canary }, { name: 'x', type: '1', link: 'l/file' }),
    ).rejects.toThrow(/create \/x/);
    const { path } = await unpackMembers(
      { name: 's', type: '2', link: `${canary}/file` },
      { name: 'x', type: '1', link: 's', mode: 0o777 },
    );
    expect(lstatSync(path('x')).isSymbolicLink()).toBe(true);
  });

  test('a hard link over its own target keeps the file', async () => {
    const { path } = await unpackMembers(
      { name: 'd/x', data: 'kept' },
      { name: 'y', type: '1', link: 'd/x' },
      { name: 'y', type: '1', link: 'd/x' },
      { name: 'd/x', type: '1', link: 'd/x' },
    );
    expect(readFileSync(path('d/x'), 'utf8')).toBe('kept');
  });

  test('whiteouts and opaque marks through a symbolic link stay inside', async () => {
    for (const whiteouts of ['overlay', 'apply'] as const)
      await unpack(
        rawTar(
          { name: 'l', type: '2', link: '../../..' },
          { name: 'l/.wh.canary', data: '' },
          { name: 'l/.wh..wh..opq', data: '' },
        ),
        whiteouts,
      );
    await expect(
      unpack(rawTar({ name: 'l', type: '2', link: canary }, { name: 'l/.wh.file', data: '' })),
    ).rejects.toThrow();
  });

  test('device nodes are made but not opened', async () => {
    const { path } = await unpackMembers(
      { name: 'zero', type: '3', major: 1, minor: 5 },
      { name: 'zero', data: 'file now' },
    );
    expect(lstatSync(path('zero')).isFile()).toBe(true);
  });

  test("overlay's own attributes are not taken from an archive", async () => {
    const { path } = await unpackMembers(
      pax(['SCHILY.xattr.trusted.overlay.redirect', '/x'], ['SCHILY.xattr.trusted.overlay.opaque', 'y']),
      { name: 'd', type: '5' },
    );
    expect(await run(['python3', '-c', 'import os,sys; print(os.listxattr(sys.argv[1]))', path('d')])).toBe(
      '[]\n',
    );
  });
});
