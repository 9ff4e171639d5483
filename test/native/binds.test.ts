/** `bind` with a subpath and with other ids, `hold-source` and `populate`. */
import { afterAll, expect, test } from 'bun:test';
import { chownSync, mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { errnoNumber } from '../../src/linux/errno.ts';
import { CLONE, MS } from '../../src/linux/flags.ts';
import { runOperations } from '../../src/linux/native.ts';
import type { Operation, OperationOf } from '../../src/linux/operations.ts';
import { container, failure, output, Rootfs } from './container.ts';

const rootfs = new Rootfs();
afterAll(() => rootfs[Symbol.dispose]());
const source = join(rootfs.directory, 'source');
mkdirSync(join(source, 'a/b'), { recursive: true });
writeFileSync(join(source, 'a/b/f'), 'content');
for (const [name, to] of [
  ['in', 'a/b'],
  ['abs', '/etc'],
  ['up', '../../..'],
] as const)
  symlinkSync(to, join(source, name));
chownSync(join(source, 'a/b'), 1234, 2345);

type Bind = OperationOf<'bind'>;
const bind = (changes: Partial<Bind>): Operation => ({
  op: 'bind',
  side: 'inside',
  source,
  target: '/m',
  nonRecursive: false,
  setAttr: 0,
  clearAttr: 0,
  recursiveAttr: false,
  propagation: 0,
  subpath: '',
  uidMap: '',
  gidMap: '',
  owner: '',
  ...changes,
});
const show = (changes: Partial<Bind>, script: string) => output(rootfs, script, { mounts: [bind(changes)] });
const refused = (changes: Partial<Bind>) => failure(container(rootfs, ['true'], { mounts: [bind(changes)] }));

test.each(['a/b', 'in', 'a/../a/b', 'in/../b'])('a subpath: %s', async (subpath) =>
  expect(await show({ subpath }, 'cat /m/f')).toBe('content'),
);

test.each([
  ['abs', 'EXDEV'],
  ['up', 'EXDEV'],
  ['..', 'EXDEV'],
  ['a/../../..', 'EXDEV'],
  ['/etc', 'EXDEV'],
  ['none', 'ENOENT'],
  ['a/b/f/g', 'ENOTDIR'],
])('no subpath: %s is %s', async (subpath, errno) =>
  expect(await refused({ subpath })).toEqual({
    op: 'bind',
    errno: errnoNumber(errno) ?? 0,
    detail: 'subpath',
  }),
);

test('ids by ranges, and those of a user that the image knows', async () => {
  const stat = 'stat -c "%u %g" /m';
  expect(await show({ subpath: 'a/b', uidMap: '1234 5 1\n', gidMap: '2345 6 1\n' }, stat)).toBe('5 6');
  expect(await show({ subpath: 'a/b', uidMap: '0 7 1\n', gidMap: '2345 6 1\n' }, stat)).toBe('65534 6');
  expect(await show({ subpath: 'a/b', owner: 'web' }, `${stat}; touch /m/x; chown 1234:2345 /m/x`)).toBe(
    '1000 100',
  );
  const { uid, gid } = statSync(join(source, 'a/b/x'));
  expect([uid, gid]).toEqual([1000, 100]);
  expect((await refused({ source: '/proc/self', uidMap: '0 1 1\n', gidMap: '0 1 1\n' })).detail).toBe(
    'its file system has no id-mapped mounts',
  );
  expect((await refused({ owner: 'nobodyhere' })).detail).toContain('unable to find user nobodyhere');
});

test('a failure inside is told although the host side goes on', async () => {
  for (let i = 0; i < 40; i++) expect((await refused({ subpath: 'none' })).op).toBe('bind');
});

test('populate fills what is empty, once, with its owner', async () => {
  const volume = join(rootfs.directory, 'volume');
  mkdirSync(join(volume, 'part'), { recursive: true });
  const populate = (changes: Partial<OperationOf<'populate'>>) =>
    runOperations([
      { op: 'unshare', side: 'host', flags: CLONE.NEWNS },
      { op: 'propagation', side: 'host', path: '/', flags: MS.REC | MS.PRIVATE },
      { op: 'root', side: 'host', path: rootfs.lower },
      {
        op: 'populate',
        side: 'host',
        target: '/etc',
        path: volume,
        subpath: '',
        copy: true,
        uid: 2 ** 32 - 1,
        gid: 5,
        mode: 0o2750,
        ...changes,
      },
    ]);
  await populate({ subpath: 'none' });
  await populate({});
  expect(readdirSync(volume)).toEqual(['part']);
  await populate({ subpath: 'part' });
  const { uid, gid, mode } = statSync(join(volume, 'part'));
  expect([uid, gid, mode & 0o7777]).toEqual([0, 5, 0o2750]);
  expect(readdirSync(join(volume, 'part')).sort()).toEqual(['group', 'passwd']);
  symlinkSync('/tmp', join(volume, 'out'));
  await expect(populate({ subpath: 'out' })).rejects.toThrow('subpath');
  mkdirSync(join(volume, 'other'));
  await expect(populate({ subpath: 'other', target: '/etc/passwd' })).rejects.toThrow(
    'cannot mount volume over existing file, file exists /etc/passwd',
  );
});
