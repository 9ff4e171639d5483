/** Members of layer tars, by the few words that tests need. */
import { pax, type RawMember, rawTar } from './raw-tar.ts';

export const file = (name: string | Buffer, data = '', more: Partial<RawMember> = {}): RawMember => ({
  name,
  data,
  ...more,
});
export const dir = (name: string, mode = 0o755, more: Partial<RawMember> = {}): RawMember => ({
  name,
  type: '5',
  mode,
  ...more,
});
export const link = (name: string, to: string, more: Partial<RawMember> = {}): RawMember => ({
  name,
  type: '1',
  link: to,
  ...more,
});
export const symlink = (name: string, to: string): RawMember => ({ name, type: '2', link: to, mode: 0o777 });
export const gone = (name: string) => file(name.replace(/([^/]*)$/, '.wh.$1'));
export const opaque = (directory: string) => file(`${directory}/.wh..wh..opq`);
/** A member whose name needs a pax header. */
export const named = (name: string | Buffer, member: RawMember): RawMember[] => [
  pax(['path', name]),
  { ...member, name: 'short' },
];

/** What the layers above change. */
export const lower = rawTar(
  dir('d'),
  file('d/a', 'a'),
  file('d/b', 'b'),
  dir('d/deep', 0o711),
  file('d/deep/x', 'x'),
  dir('e', 0o1777, { uid: 5, gid: 6 }),
  file('e/a', 'a'),
  file('f', 'f'),
  symlink('l', 'd'),
);

/** Version 2 of vfs_cap_data, effective: `permitted` are the first eight digits, little-endian. */
export const capability = (permitted: string) => Buffer.from(`01000002${permitted}${'0'.repeat(24)}`, 'hex');
