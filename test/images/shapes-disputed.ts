/**
 * Shapes of which not everyone makes the same tree. Each says who differs and why, and what is right by the OCI image
 * specification (layer.md, "Whiteouts" and "Applying Changesets").
 */
import { capability, dir, file, gone, link, opaque, symlink } from './members.ts';
import { pax, rawTar } from './raw-tar.ts';
import type { Shape } from './shapes.ts';

const lower = rawTar(
  dir('d', 0o1777, { uid: 5, gid: 6 }),
  file('d/a', 'a'),
  dir('d/deep', 0o711),
  file('d/deep/x', 'x'),
  file('f', 'f'),
);
const x = 'size=1 dbcdd5257900b0ee';
const n = 'size=1 f84bb88db3d39ee6';
const fresh = '0755 0:0 mtime=now';

const both = (why: string): Shape['differs'] => ({ podman: why, dockerd: why });
const implied = both(
  'a directory that the layer does not describe takes owner, mode and time of the one that made it',
);
const resurfaces = both('what the whiteout removed comes back with the directory');
const refuses = both('they refuse the layer');

export const disputed: Shape[] = [
  {
    name: 'directories that a layer only implies keep what the layer below says of them',
    layers: [lower, rawTar(file('d/deep/y', 'x'), file('d/new/z', 'x'), gone('d/a'))],
    differs: implied,
    tree: [
      "b'd' dir 1777 5:6 ~",
      "b'd/deep' dir 0711 0:0 ~",
      `b'd/deep/x' file 0644 0:0 ~ ${x}`,
      `b'd/deep/y' file 0644 0:0 ~ ${x}`,
      `b'd/new' dir ${fresh}`,
      `b'd/new/z' file 0644 0:0 ~ ${x}`,
      "b'f' file 0644 0:0 ~ size=1 49f44721af6ce50c",
    ],
  },
  {
    name: 'so does one that is only marked opaque',
    layers: [lower, rawTar(opaque('d'), file('d/deep/n', 'n'))],
    differs: implied,
    tree: [
      "b'd' dir 1777 5:6 ~",
      `b'd/deep' dir ${fresh}`,
      `b'd/deep/n' file 0644 0:0 ~ ${n}`,
      "b'f' file 0644 0:0 ~ size=1 49f44721af6ce50c",
    ],
  },
  {
    name: 'a whiteout first, then the same name in the same layer',
    layers: [lower, rawTar(gone('d'), dir('d', 0o750), file('d/n', 'n'), gone('f'), file('f', 'x'))],
    differs: resurfaces,
    tree: ["b'd' dir 0750 0:0 ~", `b'd/n' file 0644 0:0 ~ ${n}`, `b'f' file 0644 0:0 ~ ${x}`],
  },
  {
    name: 'the name first, then its whiteout in the same layer',
    layers: [lower, rawTar(dir('d', 0o750), file('d/n', 'n'), gone('d'), file('f', 'x'), gone('f'))],
    differs: refuses,
    tree: ["b'd' dir 0750 0:0 ~", `b'd/n' file 0644 0:0 ~ ${n}`, `b'f' file 0644 0:0 ~ ${x}`],
  },
  {
    name: 'a whiteout, and content that implies the directory anew',
    layers: [lower, rawTar(gone('d'), file('d/deep/n', 'n'), gone('f'))],
    differs: refuses,
    tree: [`b'd' dir ${fresh}`, `b'd/deep' dir ${fresh}`, `b'd/deep/n' file 0644 0:0 ~ ${n}`],
  },
  {
    name: 'content that implies the directory, and its whiteout',
    layers: [lower, rawTar(file('d/deep/n', 'n'), gone('d'), gone('f'))],
    differs: { ...refuses, vfs: 'a directory that has new content stays, with its owner and mode' },
    tree: [`b'd' dir ${fresh}`, `b'd/deep' dir ${fresh}`, `b'd/deep/n' file 0644 0:0 ~ ${n}`],
  },
  {
    name: 'one layer that has a name twice',
    layers: [
      rawTar(
        file('a', 'n'),
        file('a', 'x'),
        file('b', 'x'),
        dir('b'),
        file('b/in', 'x'),
        dir('c'),
        file('c/in', 'x'),
        file('c', 'n'),
        symlink('d', 'c'),
        file('d', 'x'),
      ),
    ],
    differs: both('they refuse the layer, as they may: it must not have any name twice'),
    tree: [
      `b'a' file 0644 0:0 ~ ${x}`,
      "b'b' dir 0755 0:0 ~",
      `b'b/in' file 0644 0:0 ~ ${x}`,
      `b'c' file 0644 0:0 ~ ${n}`,
      `b'd' file 0644 0:0 ~ ${x}`,
    ],
  },
  {
    name: 'a name below what is a link in the layer below',
    layers: [rawTar(dir('real'), symlink('l', 'real')), rawTar(file('l/x', 'x'))],
    differs: { vfs: 'there the layer is applied to the merged tree, and goes through the link' },
    tree: [`b'l' dir ${fresh}`, `b'l/x' file 0644 0:0 ~ ${x}`, "b'real' dir 0755 0:0 ~"],
  },
  {
    name: 'times before 1970',
    layers: [
      rawTar(
        pax(['mtime', '-2000000000']),
        file('1906', 'x'),
        file('base256', 'x', { patch: (header) => header.write(`${'\xff'.repeat(11)}\0`, 136, 'latin1') }),
        pax(['mtime', '-1.25']),
        { name: 'pipe', type: '6' },
      ),
    ],
    differs: both('they know no time before 1970'),
    tree: [
      `b'1906' file 0644 0:0 mtime=-2000000000000000000 ${x}`,
      `b'base256' file 0644 0:0 mtime=-256000000000 ${x}`,
      "b'pipe' fifo 0644 0:0 mtime=-1250000000",
    ],
  },
  {
    name: 'a hard link to a file with a capability',
    layers: [
      rawTar(
        pax(['SCHILY.xattr.security.capability', capability('00200000')]),
        file('ping', 'x'),
        link('pong', 'ping'),
      ),
    ],
    differs: { dockerd: 'it sets the owner once more, which clears the capability' },
    tree: [
      `b'ping' file 0644 0:0 ~ ${x} security.capability=${capability('00200000').toString('hex')}`,
      `b'pong' file 0644 0:0 ~ ${x} same as b'ping' security.capability=${capability('00200000').toString('hex')}`,
    ],
  },
];
