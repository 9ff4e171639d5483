/** gantry-init place alone, through its TypeScript face: from one directory into another. */
import { afterAll, describe, expect, test } from 'bun:test';
import { lstatSync, readFileSync, readlinkSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { type PlaceOptions, type PlaceRecord, place } from '../../src/build/files/place.ts';
import { nativePath } from '../../src/linux/native.ts';
import { command, eventually, succeed } from '../rig/command.ts';
import { copies, describeTree, directory, entries, odd, Scratch, sh } from './trees.ts';

const scratch = new Scratch();
afterAll(() => scratch[Symbol.dispose]());

const put = (from: string | null, to: string, records: PlaceRecord[], options?: PlaceOptions) =>
  place(from === null ? null : directory(from), directory(to), records, options);

const copy = (source: string, destination = source): PlaceRecord & { action: 'copy' } => ({
  action: 'copy',
  source,
  destination,
});

/** "mode uid:gid", with the time in seconds behind when asked for. */
function status(tree: string, path: string, time = false): string {
  const { mode, uid, gid, mtimeMs } = lstatSync(join(tree, path));
  return `${(mode & 0o7777).toString(8)} ${uid}:${gid}${time ? ` ${Math.floor(mtimeMs / 1000)}` : ''}`;
}

const content = (tree: string, path: string) => readFileSync(join(tree, path), 'utf8');

describe('copies', () => {
  test('every kind of entry, with owners, modes, times, attributes, holes and hard links', async () => {
    const source = await scratch.tree(odd);
    const target = scratch.fresh();
    await put(source, target, copies(await entries(source)));
    expect(await describeTree(target)).toBe(await describeTree(source));
    expect(statSync(join(target, 'hole')).blocks).toBeLessThan(100);
  });

  test('10,000 entries', async () => {
    const source = await scratch.tree(
      'for d in $(seq 100); do mkdir $d; (cd $d; seq 99 | xargs touch); done',
    );
    const target = await scratch.tree('mkdir to');
    const all = await entries(source);
    expect(all.length).toBe(10_001);
    await put(source, target, copies(all, '/to'));
    expect(await describeTree(join(target, 'to'))).toBe(await describeTree(source));
  });

  test('what the record says in place of what the source has', async () => {
    const source = await scratch.tree(
      'echo f > f; chmod 4755 f; ln -s f l; mkdir d; mkfifo p; touch -d @5 f d p; touch -h -d @5 l',
    );
    const target = scratch.fresh();
    const attributes = { uid: 5, gid: 6, mode: 0o2640, mtime: 1_000_000_000 };
    const records = ['/f', '/l', '/d', '/p'].map((path) => ({ ...copy(path), ...attributes }));
    await put(source, target, [
      ...records,
      { ...copy('/f', '/g'), gid: 9 },
      { ...copy('/f', '/h'), mtime: -5 },
    ]);
    for (const path of ['f', 'd', 'p']) expect(status(target, path, true)).toBe('2640 5:6 1000000000');
    expect(status(target, 'l', true)).toBe('777 5:6 1000000000');
    expect(status(target, 'g', true)).toBe('4755 0:9 5');
    expect(status(target, 'h', true)).toBe('4755 0:0 -5');
  });

  test('missing parents are made as the options say', async () => {
    const source = await scratch.tree('echo f > f');
    const target = await scratch.tree('mkdir -m 700 a; chown 3:4 a; ln -s /a/new dangling');
    const parents = { uid: 5, gid: 6, mtime: 1_000_000_000 };
    await put(source, target, [copy('/f', '/a/b/c/f'), copy('/f', '/dangling/x/f')], { parents });
    for (const path of ['a/b', 'a/b/c', 'a/new', 'a/new/x'])
      expect(status(target, path, true)).toBe('755 5:6 1000000000');
    expect(status(target, 'a')).toBe('700 3:4');
    await put(source, target, [copy('/f', '/plain/f')]);
    expect(status(target, 'plain')).toBe('755 0:0');
    expect(status(target, 'plain', true)).not.toContain(' 1000000000');
  });

  test('attributes that would be marks of an overlay stay behind', async () => {
    const source = await scratch.tree(
      'mkdir d; setfattr -n user.overlay.opaque -v y d; setfattr -n user.note -v 1 d; setfattr -n trusted.note -v 1 d',
    );
    const target = scratch.fresh();
    await put(source, target, [copy('/d')]);
    expect(await sh(target, 'getfattr -m - d')).toBe('# file: d\nuser.note\n\n');
  });
});

describe('what is there already', () => {
  test('files, links, devices and pipes are replaced, never written through', async () => {
    const source = await scratch.tree('echo new > f; ln -s new l; mkfifo p');
    const things =
      'echo old > file; ln file kept; ln -s kept link; ln -s /nowhere dangling; mkfifo pipe; mknod null c 1 3';
    for (const path of ['/f', '/l', '/p']) {
      const target = await scratch.tree(things);
      await put(
        source,
        target,
        ['file', 'link', 'dangling', 'pipe', 'null'].map((name) => copy(path, `/${name}`)),
      );
      expect(content(target, 'kept')).toBe('old\n');
      for (const name of ['file', 'link', 'dangling', 'pipe', 'null'])
        expect(await sh(target, `stat -c %F ${name}`)).toBe(await sh(source, `stat -c %F .${path}`));
    }
  });

  test('a directory stays, and takes over what the record says', async () => {
    const source = await scratch.tree(
      'mkdir -m 700 d; chown 5:6 d; touch -d @1000 d; setfattr -n user.new -v 1 d',
    );
    const target = await scratch.tree('mkdir -m 750 d; chown 7:8 d; echo kept > d/f');
    await put(source, target, [copy('/d')]);
    expect(status(target, 'd')).toBe('750 7:8');
    expect(await sh(target, 'getfattr d')).toBe('');
    await put(source, target, [{ ...copy('/d'), existing: true }, copy('/d', '/d/inner')]);
    expect(status(target, 'd', true)).toBe('700 5:6 1000');
    expect(await sh(target, 'getfattr d')).toContain('user.new');
    await put(source, target, [{ ...copy('/d'), existing: true, uid: 9, mode: 0o711, mtime: 3 }]);
    expect(status(target, 'd', true)).toBe('711 9:6 3');
    expect(content(target, 'd/f')).toBe('kept\n');
  });

  test('other kinds in the way are errors', async () => {
    const source = await scratch.tree('echo f > f; mkdir d; ln -s d l');
    const target = await scratch.tree('echo f > file; mkdir dir; ln -s dir link');
    const cases: [string, string, string][] = [
      ['/d', '/file', 'cannot copy to non-directory: /file'],
      ['/d', '/link', 'cannot copy to non-directory: /link'],
      ['/f', '/dir', 'cannot replace to directory /dir with file'],
      ['/l', '/dir', 'cannot replace to directory /dir with file'],
      ['/f', '/', 'cannot replace to directory / with file'],
      ['/f', '/file/x', 'make the directory of /file/x: not a directory'],
      ['/none', '/x', 'lstat /none: no such file or directory'],
      ['/f/x', '/x', 'lstat /f/x: not a directory'],
    ];
    for (const [from, to, message] of cases)
      await expect(put(source, target, [copy(from, to)])).rejects.toThrow(message);
    await expect(put(null, target, [copy('/f')])).rejects.toThrow('there is no source');
    expect(await sh(target, 'find . | sort | xargs')).toBe('. ./dir ./file ./link\n');
  });

  test('links in place of the last component, when asked', async () => {
    const source = await scratch.tree(
      'echo new > real; ln -s sub/../real l; mkdir sub d; echo in > d/f; ln -s /../d dl',
    );
    const target = await scratch.tree(
      'mkdir -p a/dir; echo old > a/f; ln -s a/f one; ln -s /one two; ln -s ../../a/dir todir; ln -s /made/by/link dangling; ln -s / slash',
    );
    await put(source, target, [
      { ...copy('/l', '/plain'), followSource: true },
      { ...copy('/l', '/two'), followSource: true, follow: true },
      { ...copy('/d', '/todir'), follow: true },
      { ...copy('/dl', '/dir'), followSource: true },
      ...[copy('/d/f', '/todir/f'), copy('/dl/f', '/slash/f')],
      { ...copy('/real', '/dangling'), follow: true },
    ]);
    expect(content(target, 'plain')).toBe('new\n');
    expect([readlinkSync(join(target, 'one')), readlinkSync(join(target, 'two'))]).toEqual(['a/f', '/one']);
    expect([
      content(target, 'a/f'),
      content(target, 'a/dir/f'),
      content(target, 'f'),
      content(target, 'made/by/link'),
    ]).toEqual([...['new\n', 'in\n', 'in\n', 'new\n']]);
    expect(lstatSync(join(target, 'dir')).isDirectory()).toBe(true);
  });
});

describe('without a source', () => {
  test('directories', async () => {
    const target = await scratch.tree('mkdir -m 700 there; ln -s there link');
    const parents = { uid: 5, gid: 6, mtime: 1000 };
    await put(
      null,
      target,
      [
        { action: 'directory', destination: '/a/b' },
        { action: 'directory', destination: '/a/c', uid: 1, gid: 2, mode: 0o1777, mtime: 7 },
        { action: 'directory', destination: '/there' },
        { action: 'directory', destination: '/link', follow: true, existing: true, gid: 3 },
        { action: 'directory', destination: '/' },
      ],
      { parents },
    );
    for (const path of ['a', 'a/b']) expect(status(target, path, true)).toBe('755 5:6 1000');
    expect(status(target, 'a/c', true)).toBe('1777 1:2 7');
    expect(status(target, 'there')).toBe('700 0:3');
    await expect(put(null, target, [{ action: 'directory', destination: '/link' }])).rejects.toThrow(
      'cannot copy to non-directory: /link',
    );
  });

  test('further names, and removal', async () => {
    const target = await scratch.tree(
      'echo 1 > f; ln -s f l; mkdir -p d/e/f; echo 2 > d/e/f/g; ln -s ../f d/link; mkdir away; echo kept > away/f; ln -s away to; ln -s ../f d/e/in',
    );
    await put(null, target, [
      { action: 'link', existingPath: '/f', destination: '/d/f' },
      { action: 'link', existingPath: '/l', destination: '/l2' },
      { action: 'link', existingPath: '/f', destination: '/d/link' },
      ...['/d/e', '/none', '/none/x', '/f/x', '/to/f/x', '/to'].map(
        (destination) => ({ action: 'remove', destination }) as const,
      ),
    ]);
    expect(statSync(join(target, 'f')).nlink).toBe(3);
    expect(readlinkSync(join(target, 'l2'))).toBe('f');
    expect(await sh(target, 'find . | sort | xargs')).toBe(
      '. ./away ./away/f ./d ./d/f ./d/link ./f ./l ./l2\n',
    );
    await expect(put(null, target, [{ action: 'remove', destination: '/' }])).rejects.toThrow(
      '/ cannot be removed',
    );
    await expect(
      put(null, target, [{ action: 'link', existingPath: '/none', destination: '/x' }]),
    ).rejects.toThrow('open /none: no such file or directory');
  });
});

describe('failures', () => {
  test('a file that could not be completed is not there', async () => {
    const source = await scratch.tree('echo small > small; dd if=/dev/zero of=big bs=1M count=8');
    const target = scratch.fresh();
    await sh(target, 'mount -t tmpfs -o size=2m none .');
    try {
      await expect(put(source, target, [copy('/small'), copy('/big')])).rejects.toThrow(
        'copy /big to /big: no space left on device',
      );
      expect(await sh(target, 'ls')).toBe('small\n');
    } finally {
      await succeed(['umount', target]);
    }
  });

  test('a target that cannot be written', async () => {
    const target = scratch.fresh();
    await sh(target, 'mount -t tmpfs -o ro none .');
    try {
      await expect(put(null, target, [{ action: 'directory', destination: '/x' }])).rejects.toMatchObject({
        kind: 'forbidden',
      });
    } finally {
      await succeed(['umount', target]);
    }
  });

  test('a list that throws, and names that cannot be', async () => {
    const target = scratch.fresh();
    function* broken(): Generator<PlaceRecord> {
      yield { action: 'directory', destination: '/made' };
      throw new Error('no more');
    }
    await expect(place(null, directory(target), broken())).rejects.toThrow('no more');
    for (const destination of ['relative', '/a\0b', `/${'n'.repeat(5000)}`])
      await expect(put(null, target, [{ action: 'directory', destination }])).rejects.toThrow();
    await expect(
      put(null, target, [{ action: 'directory', destination: `/${'n'.repeat(300)}` }]),
    ).rejects.toThrow(/name too long/);
  });

  test('a file that becomes shorter while it is copied', async () => {
    const source = await scratch.tree('dd if=/dev/zero of=big bs=1M count=300');
    const target = scratch.fresh();
    const copying = put(source, target, [copy('/big')]).catch((error) => error);
    await eventually(async () => (await sh(target, 'ls')) !== '', 'it has begun');
    truncateSync(join(source, 'big'), 1);
    const outcome = await copying;
    // A fast disk may have been faster.
    if (outcome !== undefined) expect(String(outcome)).toContain('/big became shorter while it was copied');
  });

  const running = async (target: string) =>
    (await command(['pgrep', '-f', `^(gantry-init|${nativePath()}) place ${target}`])).stdout;

  test('aborted: the reason is thrown, and no process is left', async () => {
    const source = await scratch.tree('dd if=/dev/zero of=big bs=1M count=64');
    const target = scratch.fresh();
    const controller = new AbortController();
    function* endless(): Generator<PlaceRecord> {
      for (;;) yield copy('/big');
    }
    const copying = place(directory(source), directory(target), endless(), { signal: controller.signal });
    copying.catch(() => undefined);
    await eventually(async () => (await running(target)) !== '', 'it runs');
    controller.abort(new Error('enough'));
    expect(await copying.catch(String)).toBe('Error: enough');
    expect(await running(target)).toBe('');
  });

  test('a list that is cut off', async () => {
    const target = scratch.fresh();
    for (const input of [
      'directory\0',
      'directory\0\0',
      'directory\0\0/x',
      'dir',
      'nothing\0\0/x\0',
      'copy uid=x\0f\0/x\0',
      'copy odd\0f\0/x\0',
    ]) {
      const { code, stdout, stderr } = await command([nativePath(), 'place', target], { stdin: input });
      expect([code, stdout]).toEqual([1, '{"ready":true}\n']);
      expect(JSON.parse(stderr)).toEqual({ error: expect.any(String) });
    }
    expect(await sh(target, 'ls')).toBe('');
  });
});
