/** One suite for every storage driver. */
import { afterAll, describe, expect, test } from 'bun:test';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { untar } from '../../src/images/untar.ts';
import { openDatabase } from '../../src/lib/database.ts';
import { backingFilesystem } from '../../src/snapshots/backing.ts';
import { createSnapshotter } from '../../src/snapshots/create.ts';
import type { DiffOptions, Snapshotter, WrittenLayer } from '../../src/snapshots/snapshotter.ts';
import { BtrfsImage } from '../rig/btrfs.ts';
import { succeed } from '../rig/command.ts';
import { inRoot } from '../rig/root.ts';

const id = (n: number) => `sha256:${String(n).padStart(64, '0')}`;

const btrfs = await BtrfsImage.create();
afterAll(() => btrfs[Symbol.asyncDispose]());

const home = (driver: string) => (driver === 'btrfs' ? btrfs.path : '/var/tmp');

async function open(driver: string, directory = mkdtempSync(join(home(driver), 'gantry-snapshots-'))) {
  const db = openDatabase(join(directory, 'db'));
  const snapshotter = await createSnapshotter({ db, directory: join(directory, 's'), driver });
  return {
    snapshotter,
    root: join(directory, 's', driver),
    reopen: () => open(driver, directory),
    [Symbol.dispose]: () => {
      db.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

const sh = (script: string) => succeed(['sh', '-ec', script]);

const layer =
  (files: Record<string, string>, implied: string[] = []) =>
  async (directory: string): Promise<WrittenLayer> => {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(join(directory, name, '..'), { recursive: true });
      writeFileSync(join(directory, name), text);
    }
    return { implied };
  };

const options = (...mountPoints: string[]): DiffOptions => ({
  signal: new AbortController().signal,
  mountPoints,
});

async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(chunks));
}

async function* chunk(bytes: Buffer): AsyncGenerator<Uint8Array> {
  yield bytes;
}

/** Names of an archive's members, sorted. */
async function list(archive: AsyncIterable<Uint8Array>): Promise<string[]> {
  const child = Bun.spawn(['tar', '-tf', '-'], { stdin: await collect(archive), stdout: 'pipe' });
  return (await child.stdout.text()).split('\n').filter(Boolean).sort();
}

const never = () => Promise.reject(new Error('must not be called'));

/** A layer by a shell script; `rm_below PATH` deletes what is below, `opaque PATH` makes an empty directory that hides what is below. */
const scripted =
  (snapshotter: Snapshotter, script: string) =>
  async (directory: string): Promise<WrittenLayer> => {
    const deletions =
      snapshotter.whiteouts === 'overlay'
        ? 'rm_below() { mknod "$1" c 0 0; }; opaque() { mkdir "$1"; setfattr -n trusted.overlay.opaque -v y "$1"; }'
        : 'rm_below() { rm -rf "$1"; }; opaque() { rm -rf "$1"; mkdir "$1"; }';
    await sh(`cd ${directory}; ${deletions}; ${script}`);
    return { implied: [] };
  };

for (const driver of ['overlay2', 'fuse-overlayfs', 'btrfs', 'vfs'])
  describe(driver, () => {
    test('layers stack, a writable snapshot keeps its changes to itself', async () => {
      using t = await open(driver);
      const s: Snapshotter = t.snapshotter;
      await s.unpack(id(1), null, layer({ a: 'one', both: 'lower' }));
      await s.unpack(id(2), id(1), layer({ b: 'two', both: 'upper' }));
      await s.prepare('c1', id(2));
      await s.prepare('c2', id(2));
      expect(await inRoot(s.mounts('c1'), 'cat a b both; echo new > a; rm b; echo > c')).toBe('onetwoupper');
      expect(await inRoot(s.mounts('c1'), 'ls; cat a')).toBe('a\nboth\nc\nnew\n');
      expect(await inRoot(s.mounts('c2'), 'ls; cat a')).toBe('a\nb\nboth\none');
      expect(await inRoot(s.mounts(id(2)), 'ls; cat a')).toBe('a\nb\nboth\none');
      expect(s.list()).toEqual([
        { key: id(1), parent: null, committed: true },
        { key: id(2), parent: id(1), committed: true },
        { key: 'c1', parent: id(2), committed: false },
        { key: 'c2', parent: id(2), committed: false },
      ]);
    });

    test('an empty writable snapshot', async () => {
      using t = await open(driver);
      await t.snapshotter.prepare('c', null);
      expect(await inRoot(t.snapshotter.mounts('c'), 'touch x; ls')).toBe('x\n');
    });

    test('a layer that is there is not written again, also while it is being written', async () => {
      using t = await open(driver);
      let calls = 0;
      const write = async (directory: string) => {
        calls += 1;
        await Bun.sleep(20);
        return layer({ a: '' })(directory);
      };
      await Promise.all([t.snapshotter.unpack(id(1), null, write), t.snapshotter.unpack(id(1), null, write)]);
      await t.snapshotter.unpack(id(1), null, never);
      expect(calls).toBe(1);
    });

    test('layers of one image may be unpacked at the same time, in any order of arrival', async () => {
      using t = await open(driver);
      const slow = async (directory: string) => {
        await Bun.sleep(30);
        return layer({ a: 'slow', shared: 'below' })(directory);
      };
      await Promise.all([
        t.snapshotter.unpack(id(1), null, slow),
        t.snapshotter.unpack(id(2), id(1), layer({ shared: 'above' })),
        t.snapshotter.unpack(id(3), id(2), layer({ c: 'top' })),
      ]);
      expect(await inRoot(t.snapshotter.mounts(id(3)), 'cat a shared c')).toBe('slowabovetop');
    });

    test('a failed layer leaves nothing and takes those above along', async () => {
      using t = await open(driver);
      const failing = async (directory: string): Promise<WrittenLayer> => {
        writeFileSync(join(directory, 'half'), '');
        await Bun.sleep(10);
        throw new Error('broken');
      };
      const outcomes = await Promise.allSettled([
        t.snapshotter.unpack(id(1), null, failing),
        t.snapshotter.unpack(id(2), id(1), layer({ b: '' })),
      ]);
      expect(outcomes.map((outcome) => outcome.status)).toEqual(['rejected', 'rejected']);
      expect(t.snapshotter.list()).toEqual([]);
      expect(readdirSync(t.root)).toEqual([]);
      await expect(t.snapshotter.unpack(id(2), id(1), never)).rejects.toThrow('does not exist');
    });

    test('root directory: owner and mode of the image, closed to others above it', async () => {
      using t = await open(driver);
      await t.snapshotter.unpack(id(1), null, async (directory) => {
        chownSync(directory, 7, 8);
        chmodSync(directory, 0o1751);
        return { implied: [] };
      });
      await t.snapshotter.unpack(id(2), id(1), layer({ x: '' }, ['']));
      await t.snapshotter.prepare('c', id(2));
      expect(await inRoot(t.snapshotter.mounts('c'), 'stat -c "%u %g %a" .')).toBe('7 8 1751\n');
      for (const directory of [t.root, join(t.root, '..')]) expect(statSync(directory).mode & 0o7).toBe(0);
    });

    test('usage counts own files, hard links once', async () => {
      using t = await open(driver);
      await t.snapshotter.unpack(id(1), null, layer({ a: 'x'.repeat(1000) }));
      await t.snapshotter.prepare('c', id(1));
      const before = (await t.snapshotter.usage('c')).bytes;
      await inRoot(t.snapshotter.mounts('c'), 'mkdir d; printf 12345 > d/f; ln d/f d/g');
      expect((await t.snapshotter.usage('c')).bytes - before).toBe(5);
      expect((await t.snapshotter.usage(id(1))).bytes).toBe(1000);
    });

    test('diff: what a writable snapshot has over its parent, which makes the same tree elsewhere', async () => {
      using t = await open(driver);
      const s: Snapshotter = t.snapshotter;
      await s.unpack(id(1), null, layer({ 'd/a': '1', 'd/b': '1', 'gone/x': '1', file: '1' }));
      await s.unpack(id(2), id(1), layer({ 'd/c': '2', 'etc/passwd': '' }));
      await s.prepare('c', id(2));
      expect(await list(s.diff('c', options()))).toEqual([]);
      await inRoot(
        s.mounts('c'),
        'echo 2 > d/a; rm d/b; rm -r gone; rm file; mkdir file; ln d/c d/hard; mkdir proc; touch etc/hosts',
      );
      expect(await list(s.diff('c', options('proc', 'etc/hosts')))).toEqual(
        [
          'd/',
          'd/a',
          'd/.wh.b',
          'd/c',
          'd/hard',
          'file/',
          '.wh.gone',
          ...(s.whiteouts === 'apply' ? [] : ['file/.wh..wh..opq']),
        ].sort(),
      );
      const bytes = await collect(s.diff('c', options()));
      await s.unpack(id(3), id(2), (directory) =>
        untar(chunk(bytes), directory, { whiteouts: s.whiteouts, signal: new AbortController().signal }),
      );
      const show = `find . -printf '%P %y %m %n %s\\n' | sed 's/ d \\([0-7]*\\) .*/ d \\1/' | sort; cat d/*`;
      expect(await inRoot(s.mounts(id(3)), show)).toBe(await inRoot(s.mounts('c'), show));
    });

    test('diff of a snapshot without a parent is all of it; of an unknown one refused', async () => {
      using t = await open(driver);
      await t.snapshotter.prepare('c', null);
      await inRoot(t.snapshotter.mounts('c'), 'mkdir d; touch d/x');
      expect(await list(t.snapshotter.diff('c', options()))).toEqual(['d/', 'd/x']);
      expect(() => t.snapshotter.diff('nothing', options())).toThrow('does not exist');
    });

    test('diff: reading may end early, by either side, and fail', async () => {
      using t = await open(driver);
      await t.snapshotter.prepare('c', null);
      await inRoot(t.snapshotter.mounts('c'), 'truncate -s 64M big');
      for await (const part of t.snapshotter.diff('c', options())) {
        expect(part.length).toBeGreaterThan(0);
        break;
      }
      const abort = new AbortController();
      const aborted = (async () => {
        for await (const _ of t.snapshotter.diff('c', { ...options(), signal: abort.signal })) abort.abort();
      })();
      await expect(aborted).rejects.toThrow('abort');
      const tree = t.snapshotter.mounts('c');
      if (tree.kind === 'bind') rmSync(tree.source, { recursive: true });
      await expect(collect(t.snapshotter.diff('c', options()))).rejects.toThrow('reading the changes failed');
    });

    test('remove: not while something stands on it; twice is fine', async () => {
      using t = await open(driver);
      await t.snapshotter.unpack(id(1), null, layer({ 'd/a': '' }));
      await t.snapshotter.prepare('c', id(1));
      await expect(t.snapshotter.prepare('c', id(1))).rejects.toThrow('already exists');
      await expect(t.snapshotter.remove(id(1))).rejects.toThrow('in use');
      await t.snapshotter.remove('c');
      await t.snapshotter.remove('c');
      await t.snapshotter.remove(id(1));
      expect(readdirSync(t.root)).toEqual([]);
      expect(() => t.snapshotter.mounts('c')).toThrow('does not exist');
    });

    test('the next start removes what a dead daemon left, and keeps the rest', async () => {
      using t = await open(driver);
      await t.snapshotter.unpack(id(1), null, layer({ a: 'kept' }));
      await t.snapshotter.prepare('c', id(1));
      mkdirSync(join(t.root, '99', 'upper'), { recursive: true });
      using again = await t.reopen();
      expect(existsSync(join(t.root, '99'))).toBe(false);
      expect(await inRoot(again.snapshotter.mounts('c'), 'cat a')).toBe('kept');
      await again.snapshotter.prepare('d', id(1));
      expect(await inRoot(again.snapshotter.mounts('d'), 'cat a')).toBe('kept');
    });

    test('names that are not UTF-8 are counted and removed', async () => {
      using t = await open(driver);
      await t.snapshotter.unpack(id(1), null, async (directory) => {
        await sh(`cd ${directory}; mkdir "$(printf 'd\\377')"; printf 123 > "$(printf 'd\\377/\\376')"`);
        return { implied: [] };
      });
      expect((await t.snapshotter.usage(id(1))).bytes).toBe(3);
      await t.snapshotter.remove(id(1));
      expect(readdirSync(t.root)).toEqual([]);
    });

    test('is described as Docker does', async () => {
      using t = await open(driver);
      await t.snapshotter.unpack(id(1), null, layer({ a: '' }));
      await t.snapshotter.prepare('c', id(1));
      const overlay = ['LowerDir', 'MergedDir', 'UpperDir', 'WorkDir'];
      const keys = { btrfs: [], vfs: ['Dir'] }[driver] ?? overlay;
      expect(Object.keys(t.snapshotter.describe('c')).sort()).toEqual(keys);
      expect(t.snapshotter.driver).toBe(driver);
      const backing = driver === 'btrfs' ? 'btrfs' : backingFilesystem('/var/tmp');
      expect(t.snapshotter.status()[0]).toEqual(['Backing Filesystem', backing]);
    });

    test('127 layers', async () => {
      using t = await open(driver);
      const s: Snapshotter = t.snapshotter;
      for (let n = 1; n <= 127; n++)
        await s.unpack(
          id(n),
          n === 1 ? null : id(n - 1),
          scripted(s, `echo ${n} > top; : > f${n}; ${n % 2 === 0 ? `rm_below f${n - 1}` : ''}`),
        );
      await s.prepare('c', id(127));
      // Every second file was deleted by the layer above it.
      expect(await inRoot(s.mounts('c'), 'ls | wc -l; cat top; echo x > f2; ls f1 2>&1 || true')).toBe(
        "65\n127\nls: cannot access 'f1': No such file or directory\n",
      );
      expect(await inRoot(s.mounts(id(127)), 'cat f2')).toBe('');
    });

    test('what a layer deleted stays deleted, and comes back as something new', async () => {
      using t = await open(driver);
      const s: Snapshotter = t.snapshotter;
      await s.unpack(
        id(1),
        null,
        scripted(s, 'mkdir d e; echo 1 > d/x; echo 1 > d/y; echo 1 > e/x; echo 1 > f'),
      );
      await s.unpack(
        id(2),
        id(1),
        scripted(s, 'opaque d; echo 2 > d/z; mkdir -p e; rm_below e/x; rm_below f'),
      );
      await s.unpack(id(3), id(2), scripted(s, 'mkdir -p d; echo 3 > d/x; echo 3 > f'));
      await s.prepare('c', id(3));
      expect(await inRoot(s.mounts(id(2)), 'find . | sort')).toBe('.\n./d\n./d/z\n./e\n');
      expect(await inRoot(s.mounts('c'), 'find . | sort; cat d/x f')).toBe(
        '.\n./d\n./d/x\n./d/z\n./e\n./f\n3\n3\n',
      );
      // The same by the container itself.
      await inRoot(s.mounts('c'), 'rm -r d; mkdir d; rm f; echo c > d/only');
      expect(await inRoot(s.mounts('c'), 'find . | sort; cat d/only')).toBe('.\n./d\n./d/only\n./e\nc\n');
      expect(await inRoot(s.mounts(id(3)), 'ls d f')).toBe('f\n\nd:\nx\nz\n');
    });

    test('a file becomes a directory, and a file again', async () => {
      using t = await open(driver);
      const s: Snapshotter = t.snapshotter;
      await s.unpack(id(1), null, scripted(s, 'echo file > a; mkdir b; echo in > b/x'));
      await s.unpack(id(2), id(1), scripted(s, 'rm -rf a b; mkdir a; echo in > a/y; echo file > b'));
      expect(await inRoot(s.mounts(id(2)), 'find . | sort; cat a/y b')).toBe(
        '.\n./a\n./a/y\n./b\nin\nfile\n',
      );
      await s.prepare('c', id(2));
      await inRoot(s.mounts('c'), 'rm -r a b; echo again > a; mkdir b');
      expect(await inRoot(s.mounts('c'), 'find . | sort; cat a')).toBe('.\n./a\n./b\nagain\n');
      await s.unpack(id(3), id(2), scripted(s, 'rm -rf a b; echo last > a; opaque b'));
      expect(await inRoot(s.mounts(id(3)), 'find . | sort; cat a')).toBe('.\n./a\n./b\nlast\n');
    });

    test('hard links across directories', async () => {
      using t = await open(driver);
      const s: Snapshotter = t.snapshotter;
      await s.unpack(id(1), null, scripted(s, 'mkdir d e; echo one > d/a; ln d/a e/b'));
      await s.prepare('c', id(1));
      // fuse-overlayfs counts the names that it was asked for.
      expect(await inRoot(s.mounts('c'), 'test d/a -ef e/b && stat -c %h d/a e/b')).toBe('2\n2\n');
      // A copy-up of overlayfs takes one name along, the other keeps what the layer has; fuse-overlayfs does so at the next mount.
      const other = driver === 'overlay2' ? 'one' : 'two';
      expect(await inRoot(s.mounts('c'), 'echo two > d/a; cat d/a e/b')).toBe(`two\n${other}\n`);
      await inRoot(s.mounts('c'), 'echo new > d/n; ln d/n e/n; echo more >> e/n');
      expect(await inRoot(s.mounts('c'), 'cat d/n; test d/n -ef e/n && stat -c %h d/n')).toBe(
        'new\nmore\n2\n',
      );
      expect(await inRoot(s.mounts(id(1)), 'cat d/a e/b')).toBe('one\none\n');
    });

    test('extended attributes and file capabilities, of layers and of containers', async () => {
      using t = await open(driver);
      const s: Snapshotter = t.snapshotter;
      // CAP_NET_RAW, effective and permitted (struct vfs_cap_data, version 2).
      const capability = '0x0100000200200000000000000000000000000000';
      const set = (path: string) =>
        `echo x > ${path}; setfattr -n user.note -v kept ${path}; setfattr -n security.capability -v ${capability} ${path}`;
      const read = (path: string) =>
        `getfattr -e hex --only-values -n user.note ${path}; getfattr -e hex -n security.capability ${path} | grep =`;
      const kept = `keptsecurity.capability=${capability}\n`;
      await s.unpack(id(1), null, scripted(s, set('ping')));
      await s.prepare('c', id(1));
      expect(await inRoot(s.mounts('c'), read('ping'))).toBe(kept);
      expect(
        await inRoot(
          s.mounts('c'),
          `setfattr -n user.more -v 1 ping; ${read('ping')}; ${set('own')}; ${read('own')}`,
        ),
      ).toBe(kept + kept);
      expect(await inRoot(s.mounts(id(1)), 'getfattr ping')).not.toContain('user.more');
    });

    test('names that are not UTF-8 are what they are', async () => {
      using t = await open(driver);
      const s: Snapshotter = t.snapshotter;
      await s.unpack(
        id(1),
        null,
        scripted(s, `d=$(printf 'd\\377'); mkdir "$d"; echo 1 > "$d/$(printf '\\376')"`),
      );
      await s.prepare('c', id(1));
      const script = `d=$(printf 'd\\377'); echo 2 >> "$d/$(printf '\\376')"; mv "$d/$(printf '\\376')" "$(printf '\\375')"; rmdir "$d"`;
      await inRoot(s.mounts('c'), script);
      expect(await inRoot(s.mounts('c'), 'for f in *; do printf %s "$f" | od -An -tx1; cat "$f"; done')).toBe(
        ' fd\n1\n2\n',
      );
    });

    test('many at once', async () => {
      using t = await open(driver);
      const s: Snapshotter = t.snapshotter;
      await s.unpack(id(1), null, layer({ a: 'one' }));
      const keys = Array.from({ length: 20 }, (_, n) => `c${n}`);
      await Promise.all(keys.map((key) => s.prepare(key, id(1))));
      const outcomes = await Promise.all(
        keys.map(async (key, n) => {
          if (n % 2 === 0) return s.remove(key);
          return inRoot(s.mounts(key), `cat a; echo ${n} > a`);
        }),
      );
      expect(outcomes.filter((outcome) => outcome === 'one')).toHaveLength(10);
      expect(await inRoot(s.mounts('c7'), 'cat a')).toBe('7\n');
      expect(readdirSync(t.root)).toHaveLength(11);
      await Promise.all(keys.map((key) => s.remove(key)));
      expect(readdirSync(t.root)).toHaveLength(1);
    });

    test('usage: what was changed, added and deleted', async () => {
      using t = await open(driver);
      const s: Snapshotter = t.snapshotter;
      await s.unpack(id(1), null, layer({ a: 'x'.repeat(1000), 'd/b': 'x'.repeat(300), c: 'x'.repeat(70) }));
      await s.prepare('c', id(1));
      await inRoot(s.mounts('c'), 'printf y >> a; rm c; printf 12 > d/new; mkdir e; ln d/new e/new');
      // vfs holds everything itself.
      const inherited = driver === 'vfs' ? 300 : 0;
      expect((await s.usage('c')).bytes).toBe(1001 + 2 + inherited);
      await s.unpack(id(2), id(1), scripted(s, 'rm_below a; mkdir -p d; echo 12345678 > d/own'));
      expect((await s.usage(id(2))).bytes).toBe(9 + (driver === 'vfs' ? 370 : 0));
      expect((await s.usage(id(1))).bytes).toBe(1370);
    });

    test('a layer that a dead daemon was unpacking is removed', async () => {
      using t = await open(driver);
      await t.snapshotter.unpack(id(1), null, layer({ a: 'kept' }));
      const { promise: begun, resolve } = Promise.withResolvers<void>();
      void t.snapshotter.unpack(id(2), id(1), async (directory) => {
        await layer({ 'half/made': '' })(directory);
        resolve();
        return new Promise<never>(() => {});
      });
      await begun;
      expect(readdirSync(t.root)).toHaveLength(2);
      using again = await t.reopen();
      expect(readdirSync(t.root)).toHaveLength(1);
      await again.snapshotter.unpack(id(2), id(1), layer({ b: 'whole' }));
      expect(await inRoot(again.snapshotter.mounts(id(2)), 'cat a b')).toBe('keptwhole');
    });
  });

test('overlay2: 400 layers', async () => {
  using t = await open('overlay2');
  for (let n = 1; n <= 400; n++)
    await t.snapshotter.unpack(id(n), n === 1 ? null : id(n - 1), layer({ [`f${n}`]: '', top: String(n) }));
  await t.snapshotter.prepare('c', id(400));
  expect(await inRoot(t.snapshotter.mounts('c'), 'ls | wc -l; cat top; echo x > f1')).toBe('401\n400');
});

test('overlay2: directories that a layer only implies keep owner, mode and time from below', async () => {
  using t = await open('overlay2');
  await t.snapshotter.unpack(id(1), null, async (directory) => {
    await sh(
      `cd ${directory}; mkdir -p a/b; chown 5:6 a a/b; chmod 700 a; chmod 1777 a/b; touch -d @1000000000 a/b; ln -s /etc link`,
    );
    return { implied: [] };
  });
  const above = async (directory: string) => {
    await sh(`cd ${directory}; mkdir -p a/b/new link; touch a/b/new/x link/x`);
    return { implied: ['', 'a', 'a/b', 'a/b/new', 'link', 'never'] };
  };
  await t.snapshotter.unpack(id(2), id(1), above);
  expect(
    await inRoot(t.snapshotter.mounts(id(2)), 'stat -c "%n %u:%g %a" a a/b a/b/new link; stat -c %Y a/b'),
  ).toBe('a 5:6 700\na/b 5:6 1777\na/b/new 0:0 755\nlink 0:0 755\n1000000000\n');
});

test('btrfs: subvolumes that a container made inside its own go with it, at any depth', async () => {
  using t = await open('btrfs');
  const before = await subvolumes();
  await t.snapshotter.prepare('c', null);
  await inRoot(
    t.snapshotter.mounts('c'),
    `mkdir dir; btrfs -q subvolume create dir/a; at=dir/a; for n in 1 2 3 4 5; do mkdir $at/d; btrfs -q subvolume create $at/d/n; at=$at/d/n; done
     for n in $(seq 200); do btrfs -q subvolume create many$n; done; btrfs -q subvolume snapshot -r dir/a frozen; echo x > dir/a/file`,
  );
  expect((await subvolumes()) - before).toBe(1 + 6 + 200 + 1);
  await t.snapshotter.remove('c');
  expect(readdirSync(t.root)).toEqual([]);
  expect(await subvolumes()).toBe(before);
});

test('btrfs: half-made subvolumes of a dead daemon are removed', async () => {
  using t = await open('btrfs');
  const before = await subvolumes();
  await sh(
    `cd ${t.root}; btrfs -q subvolume create 77; btrfs -q subvolume create 77/nested; touch 77/nested/file`,
  );
  using _again = await t.reopen();
  expect(readdirSync(t.root)).toEqual([]);
  expect(await subvolumes()).toBe(before);
});

async function subvolumes(): Promise<number> {
  return (await succeed(['btrfs', 'subvolume', 'list', btrfs.path])).split('\n').filter(Boolean).length;
}

test('the driver in use is kept, another one refused', async () => {
  using t = await open('vfs');
  await t.snapshotter.prepare('c', null);
  const directory = join(t.root, '..');
  using db = openDatabase(join(directory, '..', 'db'));
  expect((await createSnapshotter({ db, directory, driver: '' })).driver).toBe('vfs');
  await expect(createSnapshotter({ db, directory, driver: 'overlay2' })).rejects.toThrow(
    'holds snapshots of the storage driver vfs',
  );
  await expect(createSnapshotter({ db, directory, driver: 'zfs' })).rejects.toThrow(
    'storage driver "zfs" is not known: there are overlay2, fuse-overlayfs, btrfs, vfs',
  );
});

/** What becomes of a new data root at `directory`. Nothing may be left by the probing. */
async function choose(directory: string, driver = ''): Promise<string> {
  const root = mkdtempSync(join(directory, 'gantry-choice-'));
  using db = openDatabase(':memory:');
  try {
    const { driver: chosen } = await createSnapshotter({ db, directory: join(root, 's'), driver });
    expect(readdirSync(join(root, 's'))).toEqual([chosen]);
    return chosen;
  } finally {
    const left = existsSync(join(root, 's')) ? readdirSync(join(root, 's')) : [];
    rmSync(root, { recursive: true, force: true });
    expect(left.filter((name) => name.startsWith('probe-'))).toEqual([]);
  }
}

test('the first driver that works is taken', async () => {
  expect(await choose('/var/tmp')).toBe('overlay2');
  expect(await choose(btrfs.path)).toBe('overlay2');
});

test('a driver that cannot work says why', async () => {
  const refused = expect(choose('/var/tmp', 'btrfs')).rejects;
  await refused.toThrow(/^btrfs does not work on .*: it is not on btrfs but on \w+$/);
  const path = process.env.PATH;
  process.env.PATH = '/nowhere';
  try {
    const why = 'there is no program fuse-overlayfs in PATH';
    await expect(choose('/var/tmp', 'fuse-overlayfs')).rejects.toThrow(why);
  } finally {
    process.env.PATH = path;
  }
});

test('on an overlay neither overlay2 nor fuse-overlayfs works, and vfs is taken', async () => {
  const base = mkdtempSync('/var/tmp/gantry-stacked-');
  try {
    await sh(`cd ${base}; mkdir l u w m; mount -t overlay -o lowerdir=l,upperdir=u,workdir=w overlay m`);
    const merged = join(base, 'm');
    await expect(choose(merged, 'overlay2')).rejects.toThrow(/^overlay2 does not work on .*: /);
    await expect(choose(merged, 'fuse-overlayfs')).rejects.toThrow(
      'mknod /whiteout: operation not permitted',
    );
    expect(await choose(merged)).toBe('vfs');
  } finally {
    await sh(`umount ${base}/m`);
    rmSync(base, { recursive: true, force: true });
  }
});
