/** gantry-init index alone, through its TypeScript face: what it says about trees of directories. */
import { afterAll, describe, expect, test } from 'bun:test';
import { appendFileSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { indexTree } from '../../src/build/files/index.ts';
import { nameOf, textOf } from '../../src/build/files/names.ts';
import { resolveOwner } from '../../src/build/files/owner.ts';
import { nativePath } from '../../src/linux/native.ts';
import { command, eventually, succeed } from '../rig/command.ts';
import { directory, entries, entry, odd, Scratch, sh } from './trees.ts';

const scratch = new Scratch();
afterAll(() => scratch[Symbol.dispose]());

const sha256 = (content: string | Uint8Array) => new Bun.CryptoHasher('sha256').update(content).digest('hex');
const pathsOf = async (...args: Parameters<typeof entries>) =>
  (await entries(...args)).map(({ path }) => textOf(path));

describe('entries', () => {
  test('of every kind', async () => {
    const tree = await scratch.tree(
      `${odd}; python3 -c "import socket; socket.socket(socket.AF_UNIX).bind('socket')"`,
    );
    const all = await entries(tree, ['/'], { digests: true });
    const at = new Map(all.map((each) => [each.path, each]));
    expect(at.get('/d/file')).toMatchObject({
      ...{ kind: 'file', mode: 0o644, uid: 1000, gid: 2000, size: 2, links: 3, digest: sha256('1\n') },
      xattrs: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    expect(at.get('/none')).toMatchObject({ mode: 0o4751, size: 0, digest: sha256('') });
    expect(at.get('/d/e/f/deep')).toMatchObject({ mtime: 1_000_000_000_500_000_000n, xattrs: null });
    expect(at.get('/old')).toMatchObject({ mtime: -315_619_200_000_000_000n });
    expect(at.get('/d')).toMatchObject({ kind: 'directory', mode: 0o755, xattrs: expect.any(String) });
    expect(at.get('/sticky')).toMatchObject({ kind: 'directory', mode: 0o1777, xattrs: null });
    expect(at.get('/soft')).toMatchObject({ kind: 'symlink', target: '../away', uid: 7, gid: 8 });
    expect(at.get('/longlink')).toMatchObject({ target: 't'.repeat(300) });
    expect(at.get('/null')).toMatchObject({ kind: 'character', major: 1, minor: 3 });
    expect(at.get('/far')).toMatchObject({ kind: 'character', major: 4095, minor: 1048575 });
    expect(at.get('/loop')).toMatchObject({ kind: 'block', major: 7, minor: 0 });
    expect(at.get('/fifo')).toMatchObject({ kind: 'fifo', mode: 0o640, uid: 3, gid: 4 });
    expect(at.get('/hole')).toMatchObject({ digest: sha256(readFileSync(join(tree, 'hole'))) });
    expect(at.get('/raw\xff\x01name')).toMatchObject({ kind: 'file', size: 1 });
    expect(at.get(nameOf('/é'))).toMatchObject({ digest: sha256('x') });
    expect(at.has('/new\nline')).toBe(true);
    expect(at.has('/socket')).toBe(false);
    const { ctime, ...linked } = at.get('/zlast') as { ctime: bigint };
    expect(at.get('/d/file')).toMatchObject({ ...linked, path: '/d/file' });
    expect(ctime).toBeGreaterThan(1_700_000_000_000_000_000n);
  });

  test('in order of the bytes of names, a directory before what is in it', async () => {
    const tree = await scratch.tree('mkdir a a.b b; touch a/z a.b/x a/é "a/\xc3z" B');
    expect(await pathsOf(tree)).toEqual([
      '/',
      '/B',
      '/a',
      '/a/z',
      ...['/a/Ãz', '/a/é'],
      '/a.b',
      '/a.b/x',
      '/b',
    ]);
  });

  test('attributes that a layer holds change the digest of attributes, others do not', async () => {
    const tree = await scratch.tree('touch a b; mkdir d');
    const digest = async (path: string) => (await entry(tree, path, 'file')).xattrs;
    expect(await digest('/a')).toBeNull();
    await sh(tree, 'setfattr -n trusted.note -v 1 a');
    expect(await digest('/a')).toBeNull();
    await sh(tree, 'setfattr -n user.note -v 1 a; setfattr -n user.note -v 1 b');
    const noted = await digest('/a');
    expect(noted).not.toBeNull();
    expect(await digest('/b')).toBe(noted);
    await sh(tree, 'setcap cap_net_raw+ep b');
    const capable = await digest('/b');
    expect(capable).not.toBe(noted);
    await sh(tree, 'setcap cap_chown+ep b');
    expect(await digest('/b')).not.toBe(capable);
    await sh(tree, 'setfattr -n user.dir -v 1 d');
    expect((await entry(tree, '/d', 'directory')).xattrs).not.toBeNull();
  });

  test('digests only on demand, for the paths that are given', async () => {
    const tree = await scratch.tree(
      'mkdir d; echo 1 > d/1; echo 2 > d/2; dd if=/dev/urandom of=big bs=1M count=5',
    );
    expect(await entry(tree, '/d/1', 'file')).toMatchObject({ digest: null });
    expect(await entries(tree, ['/big', '/d/2'], { digests: true })).toMatchObject([
      { path: '/big', digest: sha256(readFileSync(join(tree, 'big'))) },
      { path: '/d/2', digest: sha256('2\n') },
    ]);
  });
});

describe('paths', () => {
  test('what is not there is missing, also behind what is no directory', async () => {
    const tree = await scratch.tree('touch f; ln -s nowhere dangling');
    const paths = ['/none', '/none/deeper', '/f/x', '/f', '/dangling/x'];
    expect(await entries(tree, paths)).toMatchObject([
      ...['/none', '/none/deeper', '/f/x'].map((path) => ({ kind: 'missing', path })),
      ...[{ kind: 'file' }, { kind: 'missing' }],
    ]);
    expect(await entries(tree, ['/dangling'], { followNamed: true })).toEqual([
      { kind: 'missing', path: '/dangling' },
    ]);
  });

  test('links on the way are followed inside the root, at the end only when asked', async () => {
    const tree = await scratch.tree(
      'mkdir -p real/sub; echo in > real/sub/f; ln -s ../../../../real/sub up; ln -s /real abs; ln -s up chain; ln -s sub/f real/file; ln -s / root; mkdir etc; echo own > etc/hostname',
    );
    expect(await pathsOf(tree, ['/up/f', '/abs/sub/f', '/root/up/f'])).toEqual([
      '/up/f',
      '/abs/sub/f',
      '/root/up/f',
    ]);
    expect(await entries(tree, ['/chain'])).toMatchObject([{ kind: 'symlink', target: 'up' }]);
    const followed = await entries(tree, ['/chain', '/abs', '/real/file'], {
      followNamed: true,
      digests: true,
    });
    expect(followed).toMatchObject([
      { kind: 'directory', path: '/chain' },
      { kind: 'file', path: '/chain/f', digest: sha256('in\n') },
      { kind: 'directory', path: '/abs' },
      { kind: 'symlink', path: '/abs/file' },
      { kind: 'directory', path: '/abs/sub' },
      { kind: 'file', path: '/abs/sub/f' },
      { kind: 'file', path: '/real/file', digest: sha256('in\n') },
    ]);
    const outside = await entries(tree, ['/root', '/../../etc/hostname'], {
      followNamed: true,
      digests: true,
      depth: 0,
    });
    expect(outside).toMatchObject([{ kind: 'directory' }, { digest: sha256('own\n') }]);
    await sh(tree, 'ln -s loop2 loop1; ln -s loop1 loop2');
    await expect(entries(tree, ['/loop1'], { followNamed: true })).rejects.toThrow(/loop1: too many levels/);
    expect(await entries(tree, ['/loop1'])).toMatchObject([{ kind: 'symlink' }]);
  });

  test('depth', async () => {
    const tree = await scratch.tree('mkdir -p a/b/c; touch a/b/c/f a/g');
    expect(await pathsOf(tree, ['/a'], { depth: 0 })).toEqual(['/a']);
    expect(await pathsOf(tree, ['/a'], { depth: 1 })).toEqual(['/a', '/a/b', '/a/g']);
    expect(await pathsOf(tree, ['/a'])).toEqual(['/a', '/a/b', '/a/b/c', '/a/b/c/f', '/a/g']);
  });

  test('thousands, and names that cannot be', async () => {
    const tree = await scratch.tree('mkdir d; cd d; seq 10000 | xargs touch');
    const names = Array.from({ length: 10_000 }, (_, at) => `/d/${at + 1}`);
    expect(await pathsOf(tree, [...names, '/d/10001'])).toEqual([...names, '/d/10001']);
    expect((await entries(tree)).length).toBe(10_002);
    expect(await entries(tree, [])).toEqual([]);
    await expect(entries(tree, ['/a\0b'])).rejects.toThrow('cannot be the name of a file');
    await expect(entries(tree, ['/ā'])).rejects.toThrow('cannot be the name of a file');
    await expect(entries(tree, ['relative'])).rejects.toThrow('no absolute path');
    await expect(entries(tree, [`/${'x/'.repeat(3000)}`])).rejects.toThrow('too long');
  });

  test('deeper than the usual limit of descriptors; deeper than a path can be is an error', async () => {
    const tree = await scratch.tree(`p=$(printf 'd/%.0s' $(seq 1500)); mkdir -p $p; touch $p/f`);
    expect((await entries(tree)).length).toBe(1502);
    const script = `import os\nos.chdir('${tree}')\nfor _ in range(30):\n  os.mkdir('${'n'.repeat(200)}')\n  os.chdir('${'n'.repeat(200)}')`;
    await succeed(['python3', '-c', script]);
    await expect(entries(tree)).rejects.toThrow('is longer than 4095 bytes');
  });

  test('what is mounted in the tree is not in it', async () => {
    const tree = await scratch.tree('mkdir m p; touch m/beneath');
    await sh(tree, 'mount -t tmpfs none m; touch m/above; mount -t proc proc p');
    try {
      expect(await pathsOf(tree)).toEqual(['/', '/m', '/m/beneath', '/p']);
    } finally {
      await sh(tree, 'umount m p');
    }
  });
});

describe('trees that change', () => {
  /** Reads a file for seconds, while `change` happens to it. */
  async function whileRead(change: (path: string) => void): Promise<unknown> {
    const tree = await scratch.tree('truncate -s 8G big');
    const reading = entries(tree, ['/big'], { digests: true }).catch((error) => error);
    await Bun.sleep(100);
    change(join(tree, 'big'));
    return reading;
  }

  test('a file that becomes shorter while it is read is an error with its name', async () => {
    const error = await whileRead((path) => truncateSync(path, 10));
    expect(String(error)).toContain('/big became shorter while it was read');
  });

  test('what is appended meanwhile does not matter', async () => {
    const tree = await scratch.tree('echo line > log');
    const appending = setInterval(() => appendFileSync(join(tree, 'log'), 'line\n'), 0);
    try {
      for (let round = 0; round < 20; round++) {
        const { size, digest } = await entry(tree, '/log', 'file', { digests: true });
        expect(digest).toBe(sha256('line\n'.repeat(size / 5)));
      }
    } finally {
      clearInterval(appending);
    }
  });
});

describe('ends', () => {
  const running = async () => (await command(['pgrep', '-f', `^gantry-init index ${scratch.path}`])).stdout;

  test('aborted: the reason is thrown, and no process is left', async () => {
    const tree = await scratch.tree('truncate -s 100G big');
    const controller = new AbortController();
    const reading = entries(tree, ['/big'], { digests: true, signal: controller.signal });
    await eventually(async () => (await running()) !== '', 'it runs');
    controller.abort(new Error('enough'));
    expect(await reading.catch(String)).toBe('Error: enough');
    expect(await running()).toBe('');
    const late = entries(tree, ['/big'], { signal: controller.signal });
    await expect(late).rejects.toThrow('enough');
  });

  test('an iteration that is ended early ends the program', async () => {
    const tree = await scratch.tree('mkdir d; cd d; seq 20000 | xargs touch');
    for await (const { path } of indexTree(directory(tree), ['/'], { digests: true, followNamed: false }))
      if (path !== '/') break;
    expect(await running()).toBe('');
  });

  test('killed with -9, whoever started it takes it along', async () => {
    const tree = await scratch.tree('truncate -s 100G big');
    writeFileSync(join(scratch.path, 'list'), '/big\0');
    const script = `${nativePath()} index ${tree} --digest <${scratch.path}/list >/dev/null; true`;
    const starter = Bun.spawn(['sh', '-c', script]);
    const running = async () =>
      (await command(['pgrep', '-f', `^${nativePath()} index ${tree}`])).stdout !== '';
    await eventually(running, 'it runs');
    starter.kill('SIGKILL');
    await starter.exited;
    await eventually(async () => !(await running()), 'it has ended');
  });

  test('the tree is not there', async () => {
    await expect(entries(join(scratch.path, 'none'))).rejects.toThrow(/open .*none: no such file/);
  });
});

describe('owners', () => {
  const passwd = 'root:x:0:0::/:\nweb:x:1000:100::/home/web:\nbroken\n99:x:55:66::/:\n';

  test('names, numbers and both', async () => {
    const tree = directory(
      await scratch.tree(
        `mkdir etc; printf '${passwd}' > etc/passwd; printf 'users:x:100:\\nlog:x:20:web\\n' > etc/group`,
      ),
    );
    const known: Record<string, [number, number]> = {
      ...{ web: [1000, 100], 'web:log': [1000, 20], 'web:7': [1000, 7], '7': [7, 7], '1000': [1000, 1000] },
      ...{
        '7:8': [7, 8],
        '7:log': [7, 20],
        root: [0, 0],
        ':log': [0, 20],
        '99': [99, 99],
        '1000:': [1000, 1000],
      },
    };
    for (const [text, [uid, gid]] of Object.entries(known))
      expect([text, await resolveOwner(tree, text)]).toEqual([text, { uid, gid }]);
    const unknown = { nobody: 'unable to find user nobody', 'web:none': 'unable to find group none' };
    for (const [text, message] of Object.entries(unknown))
      await expect(resolveOwner(tree, text)).rejects.toMatchObject({
        kind: 'notFound',
        message: expect.stringContaining(message),
      });
  });

  test('no files, and files that are none', async () => {
    const none = directory(scratch.fresh());
    expect(await resolveOwner(none, '5:6')).toEqual({ uid: 5, gid: 6 });
    await expect(resolveOwner(none, 'web')).rejects.toThrow('unable to find user web');
    const pipes = directory(await scratch.tree('mkdir etc; mkfifo etc/passwd; mknod etc/group c 1 5'));
    for (const text of ['web', '1:log'])
      await expect(resolveOwner(pipes, text)).rejects.toThrow(/open \/etc\/(passwd|group): /);
    const away = await scratch.tree(
      'mkdir etc; ln -s /../../../../etc/passwd etc/passwd; ln -s group etc/group',
    );
    await expect(resolveOwner(directory(away), 'root')).rejects.toThrow(
      /open \/etc\/passwd: too many levels/,
    );
    writeFileSync(join(away, 'passwd'), passwd);
    await sh(away, 'ln -sf ../../../passwd etc/passwd; rm etc/group');
    expect(await resolveOwner(directory(away), 'web')).toEqual({ uid: 1000, gid: 100 });
  });
});
