/** gantry-init tar alone: what it writes against what untar, GNU tar and Python read, whiteouts, and trees that change meanwhile. */
import { afterAll, describe, expect, test } from 'bun:test';
import { mkdirSync, readdirSync, renameSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { untar } from '../../src/images/untar.ts';
import { nativePath } from '../../src/linux/native.ts';
import { run, temporaryDirectory } from './rig.ts';

const scratch = temporaryDirectory();
let next = 0;
afterAll(() => scratch[Symbol.dispose]());

function freshDirectory(): string {
  const directory = join(scratch.path, String(next++));
  mkdirSync(directory);
  return directory;
}

const sh = (directory: string, script: string) => run(['sh', '-ec', `cd ${directory}; ${script}`]);

/** A new directory, filled by a shell script. */
async function tree(script: string): Promise<string> {
  const directory = freshDirectory();
  await sh(directory, script);
  return directory;
}

/** A copy as the vfs driver makes one. */
async function copyOf(directory: string): Promise<string> {
  const copy = freshDirectory();
  await run(['cp', '-a', `${directory}/.`, copy]);
  return copy;
}

/** `depth` directories in each other, a file in the innermost; with names that no path can hold whole. */
async function deepTree(name: string, depth: number): Promise<string> {
  const directory = freshDirectory();
  const script = `import os\nos.chdir('${directory}')\nfor _ in range(${depth}):\n  os.mkdir('${name}')\n  os.chdir('${name}')\nopen('f', 'w')`;
  await run(['python3', '-c', script]);
  return directory;
}

interface Packed {
  code: number;
  bytes: Buffer;
  message: string;
}

async function pack(directory: string, ...flags: string[]): Promise<Packed> {
  const child = Bun.spawn([nativePath(), 'tar', directory, ...flags], { stdout: 'pipe', stderr: 'pipe' });
  const [bytes, message, code] = await Promise.all([child.stdout.bytes(), child.stderr.text(), child.exited]);
  return { code, bytes: Buffer.from(bytes), message };
}

async function packed(directory: string, ...flags: string[]): Promise<Buffer> {
  const { code, bytes, message } = await pack(directory, ...flags);
  if (code !== 0) throw new Error(message);
  return bytes;
}

async function unpack(bytes: Buffer, whiteouts: 'overlay' | 'apply' | 'none', directory = freshDirectory()) {
  const file = join(scratch.path, `${next++}.tar`);
  writeFileSync(file, bytes);
  await untar(Bun.file(file), directory, { whiteouts, signal: new AbortController().signal });
  return directory;
}

/** Everything but the root's own times; hard links as the names that each file has. */
async function describeTree(directory: string): Promise<string> {
  const script = `find . -mindepth 1 -printf '%P\\t%y %m %U:%G %s %n %l %Ts\\n' | sed 's/\\td\\(.*\\) [0-9]* [0-9]* /\\td\\1 /' | sort
    find . -mindepth 1 ! -type d -links +1 -printf '%i %P\\n' | sort -k2 | awk '{ names[$1] = names[$1] " " $2; if (!($1 in seen)) { seen[$1] = ++count; order[count] = $1 } } END { for (i = 1; i <= count; i++) print "linked" names[order[i]] }'
    find . -type f -exec sha256sum {} + | sort -k2; getfattr -R -h -d -m 'user|capability|posix' -e hex . 2>/dev/null`;
  return sh(directory, script);
}

const names = async (bytes: Buffer) =>
  (await run(['tar', '-tf', '-'], { stdin: bytes })).split('\n').filter((name) => name !== '');

const odd = `mkdir -p d/e/f empty; echo 1 > d/file; echo 2 > d/e/f/deep; printf '' > none; ln d/file d/e/linked; ln d/file zlast; ln -s ../away soft
  ln -s $(printf 't%.0s' $(seq 300)) longlink; mkfifo fifo; mknod null c 1 3; mknod loop b 7 0; mknod far c 4095 1048575; chmod 4751 none; mkdir -m 1777 sticky
  chown 3000000:4000000000 d/e/f/deep; chown -h 7:8 soft; touch -d @-5 d/file; touch -d @99999999999 empty; touch -d '2001-02-03 04:05:06' d/e
  touch "$(printf 'bytes\\377\\001')" "a b" "ünïcödé" '"\\' 'line
break' $(printf 'l%.0s' $(seq 200)); mkdir -p $(printf 'p%.0s' $(seq 150))/$(printf 'q%.0s' $(seq 90)) $(printf 'r%.0s' $(seq 200))/$(printf 's%.0s' $(seq 200))
  touch $(printf 'p%.0s' $(seq 150))/$(printf 'q%.0s' $(seq 90))/x; ln "$(printf 'bytes\\377\\001')" $(printf 'r%.0s' $(seq 200))/hard
  setfattr -n user.text -v 'a=b' d/file; setfattr -n user.bytes -v 0x000aff none; cp /bin/true able; setfattr -n security.capability -v 0x0100000200200000000000000000000000000000 able; dd if=/dev/urandom of=big bs=1000 count=3001 2>/dev/null
  truncate -s 5M holes; printf x | dd of=holes bs=1 seek=3000000 conv=notrunc 2>/dev/null`;

describe('a whole tree', () => {
  test('unpacked again is the same', async () => {
    const from = await tree(odd);
    expect(await describeTree(await unpack(await packed(from), 'none'))).toBe(await describeTree(from));
  });

  test('is the same archive each time, in order of name', async () => {
    const from = await tree(odd);
    const first = await packed(from);
    expect(await packed(from)).toEqual(first);
    expect(await packed(await copyOf(from))).toEqual(first);
    const list = await names(await packed(await tree('mkdir b a-b a; touch a/z a/b a-b/x b/y a.x')));
    expect(list).toEqual(['a/', 'a/b', 'a/z', 'a-b/', 'a-b/x', 'a.x', 'b/', 'b/y']);
  });

  test('GNU tar unpacks it to the same', async () => {
    const from = await tree(odd);
    const to = freshDirectory();
    await run(['tar', '-C', to, '--xattrs', '--xattrs-include=*', '--numeric-owner', '-xpf', '-'], {
      stdin: await packed(from),
    });
    expect(await describeTree(to)).toBe(await describeTree(from));
  });

  test('Python reads the same members', async () => {
    const from = await tree(odd);
    const script = `import tarfile, sys, os
for m in tarfile.open(fileobj=sys.stdin.buffer, mode='r|'):
    sys.stdout.buffer.write(m.name.encode('utf-8', 'surrogateescape') + b'\\0')`;
    const list = await run(['python3', '-c', script], { stdin: await packed(from) });
    const found = await sh(from, "find . -mindepth 1 -printf '%P\\0'");
    expect(list.split('\0').sort()).toEqual(found.split('\0').sort());
  });

  test('an empty one is two blocks of zeros', async () => {
    expect(await packed(freshDirectory())).toEqual(Buffer.alloc(1024));
  });

  test('sockets and attributes of this host are left out', async () => {
    const from = await tree('touch f; setfattr -n trusted.x -v y f; setfattr -n user.kept -v y f');
    const listener = Bun.listen({ unix: join(from, 'socket'), socket: { data: () => undefined } });
    const bytes = await packed(from);
    listener.stop(true);
    expect(await names(bytes)).toEqual(['f']);
    expect(bytes.includes('user.kept')).toBe(true);
    expect(bytes.includes('trusted.x')).toBe(false);
  });

  test('deeper than a process usually has descriptors', async () => {
    const from = await deepTree('d', 1500);
    const { code, bytes, message } = await pack(from);
    expect([code, message]).toEqual([0, '']);
    expect((await names(bytes)).at(-1)).toBe(`${'d/'.repeat(1500)}f`);
  });

  test('deeper than a name may be long is refused', async () => {
    const from = await deepTree('n'.repeat(200), 25);
    const { code, message } = await pack(from);
    expect(code).toBe(1);
    expect(message).toContain('is longer than 4095 bytes');
    // No path leads to the innermost, which the removal at the end would need.
    await sh(scratch.path, `rm -rf ${from}`);
  });

  test('20,000 files', async () => {
    const from = await tree('for d in $(seq 200); do mkdir $d; (cd $d; touch $(seq 100)); done');
    const bytes = await packed(from);
    expect(bytes.length).toBe(20_200 * 512 + 1024);
    expect(await describeTree(await unpack(bytes, 'none'))).toBe(await describeTree(from));
  });

  test('a directory that is not there', async () => {
    const { code, message } = await pack(join(scratch.path, 'nowhere'));
    expect(code).toBe(1);
    expect(JSON.parse(message).error).toContain('nowhere: No such file or directory');
  });
});

/** What is below, and what a container does to it. */
const lower = `mkdir -p d/e keep gone/deep swap1 dirdir opaque etc; echo 1 > d/f; echo 1 > d/e/g; echo 1 > keep/f; echo 1 > gone/deep/f; echo 1 > swap1/f; echo 1 > swap2
  echo 1 > file; echo 1 > mode; echo 1 > owner; echo 1 > lone; echo 1 > pair1; ln pair1 pair2; echo 1 > split1; ln split1 split2; ln -s one soft; mknod null c 1 3; mkfifo fifo
  echo 1 > opaque/old; echo 1 > "$(printf 'b\\377')"; echo 1 > attributed; echo 1 > timed; touch dirdir/x; cp -a /bin/true able`;
const changes: Record<string, string> = {
  nothing: ':',
  'added files and directories':
    'mkdir -p new/deep d/e/new; echo 2 > new/deep/f; echo 2 > d/e/new/f; ln -s x d/soft; mkfifo d/fifo; mknod d/null c 1 3',
  'changed contents': 'echo changed > file; echo 2 > d/e/g; printf 2 >> keep/f',
  'mode, owner and time alone':
    'chmod 600 mode; chown 5:6 owner; touch -d @1000 timed; chmod 700 d; chown 9 keep',
  attributes:
    'setfattr -n user.a -v b attributed; setfattr -n security.capability -v 0x0100000200200000000000000000000000000000 able; setfattr -n user.dir -v x keep',
  'deleted files and directories': 'rm file d/e/g soft null fifo; rm -r gone; rm "$(printf "b\\377")"',
  'everything deleted': 'rm -r -- *',
  'a directory becomes a file, a file a directory':
    'rm -r swap1; echo 2 > swap1; rm swap2; mkdir -p swap2/sub; echo 2 > swap2/sub/f',
  'a directory replaced by another one': 'rm -r opaque; mkdir opaque; echo 2 > opaque/new',
  'links and devices replaced': 'rm soft; ln -s two soft; rm null; mknod null c 1 5; rm fifo; echo 2 > fifo',
  'a new name of an old file': 'ln lone d/again',
  'a new name of a pair': 'ln pair1 keep/three',
  'one name of a pair deleted': 'rm pair1',
  'a pair changed': 'echo two > pair2',
  'a pair parted': 'cp -p split1 split; mv split split2',
  'two files made one': 'rm d/f; ln keep/f d/f',
  'a file moved': 'mv file d/moved',
};

/** Runs a script in an overlay over `below`; returns the upper directory. The merged tree is copied to `merged`. */
async function overlay(below: string, script: string, merged: string): Promise<string> {
  const base = freshDirectory();
  const options = 'index=off,metacopy=off,redirect_dir=nofollow';
  await run([
    ...['unshare', '-m', 'sh', '-ec'],
    `cd ${base}; mkdir upper work at; mount -t overlay -o lowerdir=${below},upperdir=upper,workdir=work,${options} overlay at
     cd at; ${script}; cd ..; cp -a at/. ${merged}; umount at`,
  ]);
  return join(base, 'upper');
}

describe('changes', () => {
  for (const [what, script] of Object.entries(changes)) {
    test(`${what}: in an upper directory`, async () => {
      const below = await tree(lower);
      const merged = freshDirectory();
      const layer = await packed(await overlay(below, script, merged), '--overlay');
      const applied = await unpack(layer, 'apply', await copyOf(below));
      expect(await describeTree(applied)).toBe(await describeTree(merged));
      const upper = await unpack(layer, 'overlay');
      const again = freshDirectory();
      await run([
        ...['unshare', '-m', 'sh', '-ec'],
        `mount -t overlay -o lowerdir=${upper}:${below} overlay /mnt; cp -a /mnt/. ${again}`,
      ]);
      expect(await describeTree(again)).toBe(await describeTree(merged));
    });

    test(`${what}: beside the tree it began as`, async () => {
      const below = await tree(lower);
      const changed = await copyOf(below);
      await sh(changed, script);
      const layer = await packed(changed, '--compare', below);
      expect(await describeTree(await unpack(layer, 'apply', await copyOf(below)))).toBe(
        await describeTree(changed),
      );
    });
  }

  test('a layer holds what changed and no more', async () => {
    const below = await tree(lower);
    const layerOf = async (script: string) => {
      const changed = await copyOf(below);
      await sh(changed, script);
      return names(await packed(changed, '--compare', below));
    };
    expect(await layerOf(':')).toEqual([]);
    expect(await layerOf('touch keep; echo 22 > d/e/g')).toEqual(['d/', 'd/e/', 'd/e/g']);
    expect(await layerOf('rm d/e/g; rm -r gone; rm "$(printf "b\\377")"')).toEqual([
      ...['.wh.b\\377', 'd/', 'd/e/', 'd/e/.wh.g', '.wh.gone'],
    ]);
    expect(await layerOf('ln lone d/again')).toEqual(['d/', 'd/again', 'lone']);
    expect(await layerOf('cp -p split1 split; mv split split2')).toEqual(['split2']);
    expect(await layerOf('mkdir .wh.d; touch keep/.wh.f')).toEqual([]);
  });

  test('mount points of the engine, and the directory that was there for them, are no change', async () => {
    const below = await tree('mkdir -m 750 etc; touch etc/passwd');
    const flags = ['--mount-point', 'etc/hosts', '--mount-point', 'proc', '--known', 'etc:750:0:0'];
    const layerOf = async (script: string) => {
      const changed = await copyOf(below);
      await sh(changed, `mkdir proc; touch etc/hosts; ${script}`);
      const upper = await overlay(below, `mkdir proc; touch etc/hosts; ${script}`, freshDirectory());
      const lists = [
        await names(await packed(changed, '--compare', below, ...flags)),
        await names(await packed(upper, '--overlay', ...flags)),
      ];
      expect(lists[0]).toEqual(lists[1] ?? []);
      return lists[0];
    };
    expect(await layerOf(':')).toEqual([]);
    expect(await layerOf('touch etc/new')).toEqual(['etc/', 'etc/new']);
    expect(await layerOf('rm etc/passwd')).toEqual(['etc/', 'etc/.wh.passwd']);
    expect(await layerOf('chmod 755 etc')).toEqual(['etc/']);
    expect(await layerOf('echo x > etc/hosts; touch proc/x')).toEqual([
      'etc/',
      'etc/hosts',
      'proc/',
      'proc/x',
    ]);
  });

  test('the marks of other overlays', async () => {
    const upper =
      await tree(`mkdir a b c; touch a/x b/y; setfattr -n user.overlay.opaque -v y a; setfattr -n user.fuseoverlayfs.opaque -v y b
      setfattr -n user.overlay.origin -v x c; setfattr -n user.kept -v x c; touch b/.wh..wh..opq`);
    const bytes = await packed(upper, '--overlay');
    expect(await names(bytes)).toEqual(['a/', 'a/.wh..wh..opq', 'a/x', 'b/', 'b/.wh..wh..opq', 'b/y', 'c/']);
    expect(bytes.includes('overlay.')).toBe(false);
    expect(bytes.includes('user.kept')).toBe(true);
  });
});

describe('a tree that changes meanwhile', () => {
  /** Reads slowly, and calls `meddle` between the parts. */
  async function packSlowly(directory: string, meddle: (part: number) => void): Promise<Packed> {
    const child = Bun.spawn([nativePath(), 'tar', directory], { stdout: 'pipe', stderr: 'pipe' });
    const parts: Uint8Array[] = [];
    for await (const part of child.stdout) {
      parts.push(part);
      meddle(parts.length);
    }
    return { code: await child.exited, bytes: Buffer.concat(parts), message: await child.stderr.text() };
  }

  test('files that shrink and grow have the size that was announced', async () => {
    const from = freshDirectory();
    for (const name of ['a', 'b', 'c']) writeFileSync(join(from, name), Buffer.alloc(8 << 20, name));
    let calls = 0;
    const { code, bytes } = await packSlowly(from, () => {
      calls += 1;
      if (calls !== 1) return;
      truncateSync(join(from, 'a'), 4 << 20);
      truncateSync(join(from, 'b'), 1000);
    });
    expect(code).toBe(0);
    expect(await names(bytes)).toEqual(['a', 'b', 'c']);
    const out = await unpack(bytes, 'none');
    expect(statSync(join(out, 'a')).size).toBe(8 << 20);
    expect(statSync(join(out, 'c')).size).toBe(8 << 20);
    expect((bytes.length - 1024) % 512).toBe(0);
  });

  test('what is renamed, replaced and removed all the time does not break it', async () => {
    const from = await tree(
      'for d in $(seq 20); do mkdir $d; (cd $d; for f in $(seq 50); do echo $d$f > $f; done); done',
    );
    const meddler = Bun.spawn(
      [
        ...['sh', '-c'],
        `cd ${from}; n=0; while :; do n=$((n + 1)); d=$((n % 20 + 1)); mv $d m; ln -s /etc $d; rm $d; mv m $d; rm -f $d/1 $d/2; ln -s /etc/passwd $d/1
         mkdir -p $d/x; echo new > $d/x/y; rm -r $d/x; mkfifo $d/2; rm -rf $d/3; mkdir $d/3; done`,
      ],
      { stdout: 'ignore', stderr: 'ignore' },
    );
    try {
      for (let round = 0; round < 20; round++) {
        const { code, bytes, message } = await pack(from);
        expect([code, message]).toEqual([0, '']);
        expect(bytes.includes('root:x:0:0')).toBe(false);
        await names(bytes);
      }
    } finally {
      meddler.kill('SIGKILL');
      await meddler.exited;
    }
  });

  test('a directory that is swapped for a link leads nowhere', async () => {
    const outside = await tree('echo secret > secret');
    const from = await tree(
      'mkdir a z; for i in $(seq 20); do truncate -s 1M a/$i; done; echo inner > z/secret',
    );
    const { code, bytes } = await packSlowly(from, (part) => {
      if (part !== 1) return;
      renameSync(join(from, 'z'), join(from, 'y'));
      rmSync(join(from, 'z'), { force: true });
      Bun.spawnSync(['ln', '-s', outside, join(from, 'z')]);
    });
    expect(code).toBe(0);
    expect(bytes.includes('secret\n')).toBe(false);
    expect(readdirSync(outside)).toEqual(['secret']);
  });
});
