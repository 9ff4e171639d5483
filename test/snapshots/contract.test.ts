/** One suite for every storage driver. */
import { describe, expect, test } from 'bun:test';
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
import type { RootMount } from '../../src/linux/mounts.ts';
import { createSnapshotter } from '../../src/snapshots/create.ts';
import type { DiffOptions, Snapshotter, WrittenLayer } from '../../src/snapshots/snapshotter.ts';

const id = (n: number) => `sha256:${String(n).padStart(64, '0')}`;

async function open(driver: string, directory = mkdtempSync('/var/tmp/gantry-snapshots-')) {
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

async function sh(script: string): Promise<string> {
  const child = Bun.spawn(['unshare', '-m', 'sh', '-ec', script], { stdout: 'pipe', stderr: 'pipe' });
  const [out, error, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  if (code !== 0) throw new Error(error);
  return out;
}

/** Runs a shell script with the snapshot mounted at the working directory, in a mount namespace of its own. */
function inside(mount: RootMount, script: string): Promise<string> {
  if (mount.kind === 'bind') return sh(`mount --bind ${mount.source} /mnt; cd /mnt; ${script}`);
  return sh(
    `cd ${mount.cwd}; mount -t ${mount.fstype} -o ${mount.data} ${mount.source} /mnt; cd /mnt; ${script}`,
  );
}

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

for (const driver of ['overlay2', 'vfs'])
  describe(driver, () => {
    test('layers stack, a writable snapshot keeps its changes to itself', async () => {
      using t = await open(driver);
      const s: Snapshotter = t.snapshotter;
      await s.unpack(id(1), null, layer({ a: 'one', both: 'lower' }));
      await s.unpack(id(2), id(1), layer({ b: 'two', both: 'upper' }));
      await s.prepare('c1', id(2));
      await s.prepare('c2', id(2));
      expect(await inside(s.mounts('c1'), 'cat a b both; echo new > a; rm b; echo > c')).toBe('onetwoupper');
      expect(await inside(s.mounts('c1'), 'ls; cat a')).toBe('a\nboth\nc\nnew\n');
      expect(await inside(s.mounts('c2'), 'ls; cat a')).toBe('a\nb\nboth\none');
      expect(await inside(s.mounts(id(2)), 'ls; cat a')).toBe('a\nb\nboth\none');
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
      expect(await inside(t.snapshotter.mounts('c'), 'touch x; ls')).toBe('x\n');
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
      expect(await inside(t.snapshotter.mounts(id(3)), 'cat a shared c')).toBe('slowabovetop');
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
      expect(await inside(t.snapshotter.mounts('c'), 'stat -c "%u %g %a" .')).toBe('7 8 1751\n');
      for (const directory of [t.root, join(t.root, '..')]) expect(statSync(directory).mode & 0o7).toBe(0);
    });

    test('usage counts own files, hard links once', async () => {
      using t = await open(driver);
      await t.snapshotter.unpack(id(1), null, layer({ a: 'x'.repeat(1000) }));
      await t.snapshotter.prepare('c', id(1));
      const before = (await t.snapshotter.usage('c')).bytes;
      await inside(t.snapshotter.mounts('c'), 'mkdir d; printf 12345 > d/f; ln d/f d/g');
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
      await inside(
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
          ...(driver === 'vfs' ? [] : ['file/.wh..wh..opq']),
        ].sort(),
      );
      const bytes = await collect(s.diff('c', options()));
      await s.unpack(id(3), id(2), (directory) =>
        untar(chunk(bytes), directory, { whiteouts: s.whiteouts, signal: new AbortController().signal }),
      );
      const show = `find . -printf '%P %y %m %n %s\\n' | sed 's/ d \\([0-7]*\\) .*/ d \\1/' | sort; cat d/*`;
      expect(await inside(s.mounts(id(3)), show)).toBe(await inside(s.mounts('c'), show));
    });

    test('diff of a snapshot without a parent is all of it; of an unknown one refused', async () => {
      using t = await open(driver);
      await t.snapshotter.prepare('c', null);
      await inside(t.snapshotter.mounts('c'), 'mkdir d; touch d/x');
      expect(await list(t.snapshotter.diff('c', options()))).toEqual(['d/', 'd/x']);
      expect(() => t.snapshotter.diff('nothing', options())).toThrow('does not exist');
    });

    test('diff: reading may end early, by either side, and fail', async () => {
      using t = await open(driver);
      await t.snapshotter.prepare('c', null);
      await inside(t.snapshotter.mounts('c'), 'truncate -s 64M big');
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
      expect(await inside(again.snapshotter.mounts('c'), 'cat a')).toBe('kept');
      await again.snapshotter.prepare('d', id(1));
      expect(await inside(again.snapshotter.mounts('d'), 'cat a')).toBe('kept');
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
      const keys = driver === 'vfs' ? ['Dir'] : ['LowerDir', 'MergedDir', 'UpperDir', 'WorkDir'];
      expect(Object.keys(t.snapshotter.describe('c')).sort()).toEqual(keys);
      expect(t.snapshotter.driver).toBe(driver);
      expect(t.snapshotter.status()[0]?.[0]).toBe('Backing Filesystem');
    });
  });

test('overlay2: 400 layers', async () => {
  using t = await open('overlay2');
  for (let n = 1; n <= 400; n++)
    await t.snapshotter.unpack(id(n), n === 1 ? null : id(n - 1), layer({ [`f${n}`]: '', top: String(n) }));
  await t.snapshotter.prepare('c', id(400));
  expect(await inside(t.snapshotter.mounts('c'), 'ls | wc -l; cat top; echo x > f1')).toBe('401\n400');
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
    await inside(t.snapshotter.mounts(id(2)), 'stat -c "%n %u:%g %a" a a/b a/b/new link; stat -c %Y a/b'),
  ).toBe('a 5:6 700\na/b 5:6 1777\na/b/new 0:0 755\nlink 0:0 755\n1000000000\n');
});

test('the driver in use is kept, another one refused', async () => {
  using t = await open('vfs');
  await t.snapshotter.prepare('c', null);
  const directory = join(t.root, '..');
  const db = openDatabase(join(directory, '..', 'db'));
  expect((await createSnapshotter({ db, directory, driver: '' })).driver).toBe('vfs');
  await expect(createSnapshotter({ db, directory, driver: 'overlay2' })).rejects.toThrow(
    'holds snapshots of the storage driver vfs',
  );
  await expect(createSnapshotter({ db, directory, driver: 'zfs' })).rejects.toThrow(
    'storage driver "zfs" is not known',
  );
});
