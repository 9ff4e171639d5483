import { afterAll, expect, test } from 'bun:test';
import { mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { container, failure, output, Rootfs } from './container.ts';

const rootfs = new Rootfs();
afterAll(() => rootfs[Symbol.dispose]());

const id = (user: string, groups: string[] = []) =>
  output(rootfs, 'echo $(id -u) $(id -g) $(id -G) $HOME', { user, groups });

test.each([
  ['', '0 0 0 10 /root'],
  ['0', '0 0 0 10 /root'],
  ['root', '0 0 0 10 /root'],
  ['web', '1000 100 100 10 20 /home/web'],
  ['1000', '1000 100 100 10 20 /home/web'],
  ['1001', '1001 0 0 /'],
  ['2147483647', '2147483647 0 0 /'],
  ['web:log', '1000 20 20 /home/web'],
  ['1001:77', '1001 77 77 /'],
  [':log', '0 20 20 /root'],
])('user %p', async (spec, expected) => {
  expect(await id(spec)).toBe(expected);
});

test('additional groups by name and number, once each', async () => {
  expect(await id('web', ['log', '300', '20'])).toBe('1000 100 100 10 20 300 /home/web');
});

test.each([
  ['nobody', [], 'unable to find user nobody: no matching entries in passwd file'],
  ['web:none', [], 'unable to find group none: no matching entries in group file'],
  ['web', ['none'], 'unable to find group none: no matching entries in group file'],
  ['2147483648', [], 'uids and gids must be in range 0-2147483647'],
  ['0:2147483648', [], 'uids and gids must be in range 0-2147483647'],
  ['-1', [], 'uids and gids must be in range 0-2147483647'],
  ['99999999999999999999999', [], 'uids and gids must be in range 0-2147483647'],
  ['1e3', [], 'unable to find user 1e3: no matching entries in passwd file'],
])('user %p groups %p is refused as Docker does', async (user, groups, detail) => {
  expect(await failure(container(rootfs, ['true'], { user, groups }))).toMatchObject({ op: 'user', detail });
});

test('a program that is not root has no capability and can open its own standard output', async () => {
  expect(
    await output(rootfs, 'grep -E "Cap(Eff|Prm|Inh|Amb)" /proc/self/status | cut -f2 | sort -u', {
      user: 'web',
    }),
  ).toBe('0000000000000000');
});

test('lines that are no entries are skipped, links stay inside, anything but a file is refused', async () => {
  using odd = new Rootfs();
  odd.file(
    'etc/passwd',
    `\0\n:::\nx:x:abc:0::/:\nroot:x\n${'y'.repeat(100000)}:x:5:6::/y:\nlast:x:7:8::/last`,
  );
  odd.file('etc/group', '::::\n\n\ng:x:9:last');
  expect(await output(odd, 'echo $(id -u 2>/dev/null) $(id -G 2>/dev/null) $HOME', { user: 'last' })).toBe(
    '7 8 9 /last',
  );
  expect((await failure(container(odd, ['true'], { user: 'x' }))).detail).toStartWith(
    'unable to find user x',
  );

  using linked = new Rootfs();
  const etc = join(linked.lower, 'etc');
  rmSync(join(etc, 'passwd'));
  symlinkSync('../../../../../etc/hostname-of-nobody', join(etc, 'passwd'));
  expect((await failure(container(linked, ['true'], { user: 'web' }))).detail).toStartWith(
    'unable to find user web',
  );

  using directory = new Rootfs();
  rmSync(join(directory.lower, 'etc/passwd'));
  mkdirSync(join(directory.lower, 'etc/passwd'));
  expect((await failure(container(directory, ['true'], { user: 'web' }))).detail).toBe(
    '/etc/passwd is not a regular file',
  );
});
