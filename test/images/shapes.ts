/** Root file systems of every shape that a layer can have, as the layers that make them up. */
import { capability, dir, file, gone, link, lower, named, opaque, symlink } from './members.ts';
import { pax, type RawMember, rawTar } from './raw-tar.ts';

/** Who else makes a tree of the same archive. */
export type Reader = 'vfs' | 'podman' | 'dockerd';

export interface Shape {
  name: string;
  layers: Buffer<ArrayBuffer>[];
  /** Who makes another tree of it, and why; `tree` says then what is right by image-spec, layer.md. */
  differs?: Partial<Record<Reader, string>>;
  /** As listing.py prints it, without the root's line and with "~" for the time that every entry here has. */
  tree?: string[];
}

/** Each layer adds a file, changes a common one, and removes what the layer two below it added. */
function tower(height: number): Buffer<ArrayBuffer>[] {
  return Array.from({ length: height }, (_, n) =>
    rawTar(
      dir('d'),
      file(`d/${n}`, `layer ${n}`),
      file('common', String(n), { mtime: 1_600_000_000 + n }),
      ...(n > 1 ? [gone(`d/${n - 2}`)] : []),
    ),
  );
}

function manyFiles(count: number): Buffer<ArrayBuffer> {
  const members: RawMember[] = [];
  for (let n = 0; n < count; n++) {
    if (n % 100 === 0) members.push(dir(`d${n / 100}`));
    members.push(
      file(`d${Math.floor(n / 100)}/f${n}`, String(n).repeat(n % 300), { mode: 0o600 + (n % 64) }),
    );
  }
  return rawTar(...members);
}

/** As tar writes it, an entry of a hard link says of the file what the first entry said. */
const owned = { mode: 0o640, uid: 3 };

/** One hundred and more characters in each part, 3,300 together. */
const deepName = Array.from(
  { length: 16 },
  (_, n) => `${n}-${'component-of-a-name'.repeat(11).slice(0, 200)}`,
).join('/');

export const shapes: Shape[] = [
  { name: 'one layer', layers: [lower] },
  { name: 'an empty layer', layers: [rawTar()] },
  { name: 'an empty layer between two', layers: [lower, rawTar(), rawTar(file('top'))] },
  { name: '20 layers', layers: tower(20) },
  { name: '127 layers', layers: tower(127), differs: { dockerd: 'it takes 125 at most' } },
  { name: '20,000 files', layers: [manyFiles(20_000)] },
  {
    name: 'a sparse file of 1 GiB',
    layers: [
      rawTar(
        pax(
          ['GNU.sparse.major', '1'],
          ['GNU.sparse.minor', '0'],
          ['GNU.sparse.name', 'sparse'],
          ['GNU.sparse.realsize', String(1 << 30)],
        ),
        file('short', `${`3\n0\n5\n500000000\n4\n${1 << 30}\n0\n`.padEnd(512, '\0')}beginend.`),
      ),
    ],
  },
  {
    name: 'long names',
    layers: [
      rawTar(
        ...named(`${deepName}/end`, file('', 'deep')),
        ...named('c'.repeat(255), file('', 'the longest component')),
        ...named(`${'p'.repeat(60)}/${'q'.repeat(70)}/${'r'.repeat(80)}/f`, file('', '214')),
        file('n'.repeat(100), 'fills the field'),
        file('prefixed', 'x', { patch: (header) => header.write(`${'y'.repeat(99)}/z`, 345) }),
        file('././@LongLink', `${'g'.repeat(140)}\0`, { type: 'L' }),
        file('short', 'by GNU long name'),
        pax(['linkpath', `${'t/'.repeat(500)}end`]),
        symlink('far', 'x'),
      ),
    ],
  },
  {
    name: 'odd names',
    layers: [
      rawTar(
        ...[
          'new\nline',
          'tab\there',
          '"double"',
          "'single'",
          'back\\slash',
          ' leading',
          'trailing ',
          '-rf',
          '--help',
          '*',
          '$(id)',
          '\u{1f40b}',
          '\x01\x7f',
        ].map((name) => file(name, name)),
        file(Buffer.from([0x6e, 0xff, 0xfe, 0x80]), 'not UTF-8'),
        ...named(Buffer.from([0x70, 0xc0, 0xaf]), file('', 'not UTF-8, in pax')),
        // None of these is a whiteout.
        ...['.wh', 'x.wh.y', '..wh.x', '.whx', '...', '..x', '.wh-dir/inside', 'w.wh.'].map((name) =>
          file(name, name),
        ),
        file('./././dotted/./x', 'cleaned'),
        file('/absolute/x', 'inside'),
        file('double//slash', 'cleaned'),
        dir('trailing-slash/'),
        file('regular-with-slash/', ''),
        { name: 'directory-of-v7/', patch: (header) => header.fill(0, 156, 157) },
      ),
    ],
  },
  {
    name: 'hard links in one layer',
    layers: [
      rawTar(
        dir('a'),
        dir('b/c'),
        file('a/one', 'linked', owned),
        link('b/c/two', 'a/one', owned),
        link('three', './b/c/two', owned),
        link('/b/four', '/a/one', owned),
        symlink('s', 'a/one'),
        link('t', 's'),
        { name: 'fifo', type: '6' },
        link('fifo2', 'fifo'),
      ),
    ],
  },
  {
    name: 'hard links that upper layers take apart',
    layers: [
      rawTar(file('one', 'linked'), link('two', 'one'), link('three', 'one'), link('four', 'one')),
      rawTar(file('two', 'another'), gone('three')),
      rawTar(file('five', 'new'), link('six', 'five')),
    ],
  },
  {
    name: 'extended attributes and file capabilities',
    layers: [
      rawTar(
        pax(['SCHILY.xattr.security.capability', capability('00200000')]),
        file('ping', 'elf', owned),
        pax(
          ['SCHILY.xattr.user.note', 'value with = and \n'],
          ['SCHILY.xattr.user.binary', Buffer.from([0, 255, 0, 1])],
        ),
        file('noted', 'x'),
        pax(['SCHILY.xattr.user.of', 'a directory']),
        dir('d'),
        pax(['SCHILY.xattr.security.capability', capability('00400000')]),
        file('owned', 'chown clears capabilities', { uid: 7, mode: 0o4755 }),
      ),
      rawTar(file('noted', 'without attributes now'), dir('d')),
    ],
  },
  {
    name: 'whiteout of a symbolic link and of a directory with content',
    layers: [lower, rawTar(gone('l'), gone('d')), rawTar(file('d/new', 'alone'))],
  },
  {
    name: 'whiteouts of files and directories',
    layers: [lower, rawTar(dir('d'), gone('d/a'), gone('d/deep'), gone('f'), gone('l'), gone('never-there'))],
  },
  {
    name: 'opaque directory',
    layers: [
      lower,
      rawTar(dir('d'), opaque('d'), file('d/new', 'n')),
      rawTar(dir('d'), file('d/newer', 'm')),
    ],
  },
  {
    name: 'opaque mark behind the content',
    layers: [lower, rawTar(dir('d'), file('d/new', 'n'), dir('d/deep', 0o700), opaque('d'))],
  },
  {
    name: 'opaque mark below an opaque one',
    layers: [lower, rawTar(dir('d'), opaque('d'), dir('d/deep'), opaque('d/deep'), file('d/deep/y', 'y'))],
  },
  {
    name: 'again after a whiteout, in a later layer',
    layers: [
      lower,
      rawTar(gone('f'), gone('d')),
      rawTar(dir('f', 0o700), file('f/in', 'i'), dir('d'), file('d/a', 'another')),
    ],
  },
  {
    name: 'files become directories and back',
    layers: [
      rawTar(file('x', 'file'), dir('y'), file('y/in', 'i')),
      rawTar(dir('x'), file('x/in', 'i'), file('y', 'file')),
      rawTar(file('x', 'file again'), dir('y', 0o700)),
    ],
  },
  {
    name: 'links become directories and back',
    layers: [
      rawTar(dir('real'), file('real/x', 'x'), symlink('l', 'real'), symlink('m', 'real'), dir('n')),
      rawTar(dir('l', 0o700), file('l/y', 'y'), symlink('n', 'real')),
      rawTar(symlink('l', '/real')),
    ],
  },
  {
    name: 'modes',
    layers: [
      rawTar(
        ...[0, 0o111, 0o644, 0o1644, 0o2755, 0o4755, 0o6711, 0o7777].flatMap((mode) => [
          file(`f${mode.toString(8)}`, 'x', { mode }),
          dir(`d${mode.toString(8)}`, mode),
        ]),
        file('owned', 'chown clears the bits', { mode: 0o6755, uid: 33, gid: 34 }),
      ),
      rawTar(dir('d644', 0o1777), dir('d0', 0o700)),
    ],
  },
  {
    name: 'devices and pipes',
    layers: [
      rawTar(
        { name: 'null', type: '3', major: 1, minor: 3, mode: 0o666 },
        { name: 'loop', type: '4', major: 7, minor: 5000, mode: 0o660, gid: 6 },
        { name: 'pipe', type: '6', mode: 0o600 },
        { name: 'big', type: '3', major: 4095, minor: 70_000 },
      ),
      rawTar({ name: 'pipe', type: '3', major: 5, minor: 0 }, file('null', 'a file now')),
    ],
  },
  {
    name: 'times',
    layers: [
      rawTar(
        pax(['mtime', '1700000000.123456789']),
        file('exact', 'x'),
        pax(['mtime', '1700000000.5']),
        dir('d'),
        file('d/later', 'changes the directory'),
        pax(['mtime', '4102444800.000000001']),
        symlink('2100', 'x'),
        file('epoch', 'x', { mtime: 0 }),
        pax(['mtime', '1.000000001']),
        { name: 'pipe', type: '6' },
      ),
    ],
  },
  {
    name: 'large owners',
    layers: [
      rawTar(
        pax(['uid', '4294967294'], ['gid', '2147483648']),
        file('pax', 'x'),
        file('octal', 'x', { uid: 0o7777777, gid: 0o7777776 }),
        file('base256', 'x', {
          patch: (header) => header.write('\x80\0\0\0\x7f\xff\xff\xff', 108, 'latin1'),
        }),
        pax(['uid', '100000'], ['gid', '100001']),
        symlink('link', 'pax'),
      ),
    ],
  },
  {
    name: 'the root described by the layers',
    layers: [rawTar(dir('./', 0o700, { uid: 3 }), file('x')), rawTar(dir('./', 0o1777), file('y'))],
  },
];
