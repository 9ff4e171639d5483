/** Beyond Docker: volumes copied, renamed, as archives, with snapshots, and in registries. */
import { afterAll, expect } from 'bun:test';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { succeed } from '../rig/command.ts';
import type { TestEngine } from '../rig/engine.ts';
import { isGantry } from '../rig/engine.ts';
import { sharedRegistry } from '../rig/registry.ts';
import { type Suite, suite } from '../rig/suite.ts';

const directory = mkdtempSync(join(tmpdir(), 'gantry-files-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));
const registryOf = sharedRegistry();
const given = suite();
/** Docker has none of it. */
const once: Suite['once'] = (name, body) => (isGantry ? given.once(name, body) : undefined);
const sh = (script: string) => ['busybox', 'sh', '-c', script];

/** Owners, modes, links, holes and attributes that have to come through. */
async function made(engine: TestEngine, name: string): Promise<string> {
  await engine.ok('gantry', 'volume', 'create', '--label', 'tier=gold', name);
  const path = await pathOf(engine, name);
  const script = `cd ${path}; umask 022; mkdir -p d/e; echo text > d/f; ln d/f d/hard; ln -s /etc/passwd d/link; mkfifo d/pipe
    chown 1000:1001 d/f; chmod 4750 d/f; setfattr -n user.note -v kept d/f; truncate -s 20M sparse; printf end >> sparse
    touch -d @1500000000 d/e; chown 999:998 .; chmod 2770 .; touch -h -d @1400000000 d/link`;
  await succeed(['sh', '-ec', script]);
  return path;
}

const pathOf = (engine: TestEngine, name: string) =>
  engine.ok('gantry', 'volume', 'inspect', '-f', '{{.Mountpoint}}', name);

/** One line for each file: everything that can be told but the inode; hard links by the first name of their inode. */
const listing = (path: string) =>
  succeed([
    'sh',
    '-ec',
    `cd ${path}; find . -printf '%P %y %m %U:%G %s %n %l %T@\\n' | sed 's/\\.[0-9]*$//' | sort; find . -type f -exec sha256sum {} + | sort -k2; getfattr -Rd .; [ d/f -ef d/hard ] && echo linked`,
  ]);

once('export and import keep owners, modes, attributes and links, of the root too', async (engine) => {
  const source = await made(engine, 'source');
  const tar = join(directory, 'source.tar');
  await engine.ok('gantry', 'volume', 'export', 'source', '-o', tar);
  expect((await succeed(['tar', '-tvf', tar])).split('\n')[0]).toMatch(/^drwxrws--- 999\/998 .* \.\/$/);
  expect(await engine.ok('gantry', 'volume', 'import', 'target', tar)).toBe('target');
  expect(await listing(await pathOf(engine, 'target'))).toBe(await listing(source));
  await succeed(['zstd', '-q', tar, '-o', `${tar}.zst`]);
  const piped = await engine.run('gantry', ['volume', 'import', 'piped', '-'], {
    stdin: Bun.file(`${tar}.zst`).stream(),
  });
  expect(piped).toMatchObject({ code: 0, stdout: 'piped\n' });
  expect(await listing(await pathOf(engine, 'piped'))).toBe(await listing(source));
  for (const program of ['gzip', 'bzip2', 'xz']) {
    await succeed(['sh', '-c', `${program} -c ${tar} >${tar}.${program}`]);
    await engine.ok('gantry', 'volume', 'import', program, `${tar}.${program}`);
    expect(await listing(await pathOf(engine, program))).toBe(await listing(source));
    await engine.ok('gantry', 'volume', 'rm', program);
  }
  await engine.ok('gantry', 'volume', 'create', 'there');
  await engine.ok('gantry', 'volume', 'import', 'there', tar);
  const again = await engine.run('gantry', ['volume', 'import', 'there', tar]);
  expect(again.stderr).toContain('volume there is not empty');
  await engine.ok('gantry', 'volume', 'rm', 'source', 'target', 'piped', 'there');
});

once('an archive that is damaged, or none, leaves nothing', async (engine) => {
  const tar = join(directory, 'damaged.tar');
  await made(engine, 'whole');
  await engine.ok('gantry', 'volume', 'export', 'whole', '-o', tar);
  await succeed(['truncate', '-s', '1M', tar]);
  const cut = await engine.run('gantry', ['volume', 'import', 'cut', tar]);
  expect(cut.stderr).toContain('unexpected EOF');
  for (const program of ['gzip', 'bzip2', 'xz', 'zstd']) {
    // Cut in the padding of the archive: what is missing says nothing any more, but the compression is not whole.
    await succeed([
      'sh',
      '-c',
      `cat ${tar} /dev/zero | head -c 1200000 | ${program} -c | head -c -5 >${tar}.${program}`,
    ]);
    const half = await engine.run('gantry', ['volume', 'import', 'cut', `${tar}.${program}`]);
    expect([program, half.code, half.stderr]).toEqual([
      program,
      1,
      expect.stringMatching(/unexpected EOF|damaged/),
    ]);
  }
  writeFileSync(tar, 'this is no archive, whatever its name says'.repeat(50));
  expect((await engine.run('gantry', ['volume', 'import', 'cut', tar])).code).toBe(1);
  writeFileSync(tar, '');
  expect((await engine.run('gantry', ['volume', 'import', 'cut', tar])).stderr).toContain('it is empty');
  expect(await engine.ok('gantry', 'volume', 'ls', '-q')).toBe('whole');
  await engine.ok('gantry', 'volume', 'rm', 'whole');
  expect(await succeed(['ls', '-A', join(engine.dataRoot, 'volumes')])).toBe('');
});

once('cp: files, labels and holes', async (engine) => {
  const source = await made(engine, 'source');
  expect(await engine.ok('gantry', 'volume', 'cp', 'source', 'copy')).toBe('copy');
  const copy = await pathOf(engine, 'copy');
  expect(await listing(copy)).toBe(await listing(source));
  expect(Number(await succeed(['stat', '-c', '%b', join(copy, 'sparse')]))).toBeLessThan(100);
  expect(await engine.ok('gantry', 'volume', 'inspect', '-f', '{{.Labels.tier}}', 'copy')).toBe('gold');
  const again = await engine.run('gantry', ['volume', 'cp', 'source', 'copy']);
  expect(again.stderr).toContain('volume copy is not empty');
  expect((await engine.run('gantry', ['volume', 'cp', 'nothing', 'x1'])).stderr).toContain(
    'get nothing: no such volume',
  );
  await engine.ok('gantry', 'volume', 'create', '-o', 'size=40m', 'sized');
  await engine.ok('gantry', 'volume', 'cp', 'source', 'sized');
  expect(await engine.ok('docker', 'run', '--rm', '-v', 'sized:/d', ...sh('cat /d/d/hard'))).toBe('text');
  await engine.ok('gantry', 'volume', 'rm', 'source', 'copy', 'sized');
});

once('mv: stopped containers follow, running ones forbid it', async (engine) => {
  const id = await engine.ok('docker', 'create', '-v', 'before:/d', ...sh('echo x >> /d/f; wc -l < /d/f'));
  expect(await engine.ok('docker', 'start', '-a', id)).toBe('1');
  expect(await engine.ok('gantry', 'volume', 'mv', 'before', 'after')).toBe('after');
  expect(await engine.ok('docker', 'start', '-a', id)).toBe('2');
  expect(
    await engine.ok(
      'docker',
      'inspect',
      '-f',
      '{{(index .Mounts 0).Name}} {{index .HostConfig.Binds 0}}',
      id,
    ),
  ).toBe('after after:/d');
  expect((await engine.run('docker', ['volume', 'rm', 'after'])).stderr).toContain(
    `volume is in use - [${id}]`,
  );
  const running = await engine.ok('docker', 'run', '-d', '-v', 'after:/d', ...sh('sleep 1000'));
  const refused = await engine.run('gantry', ['volume', 'mv', 'after', 'later']);
  expect(refused.stderr).toContain('stop these first');
  await engine.ok('docker', 'rm', '-f', id, running);
  await engine.ok('docker', 'volume', 'create', 'taken');
  expect((await engine.run('gantry', ['volume', 'mv', 'after', 'taken'])).stderr).toContain(
    'volume taken exists',
  );
  await engine.ok('docker', 'volume', 'rm', 'after', 'taken');
});

once('snapshots: taken, listed, restored, removed', async (engine) => {
  const path = await made(engine, 'data');
  const before = await listing(path);
  expect(await engine.ok('gantry', 'volume', 'snapshot', 'data', 'first')).toBe('first');
  await succeed(['sh', '-c', `rm -r ${path}/d; echo new > ${path}/new; chmod 700 ${path}`]);
  expect(await engine.ok('gantry', 'volume', 'snapshot', 'data')).toMatch(/^\d{8}-\d{6}$/);
  expect(
    (await engine.ok('gantry', 'volume', 'snapshot', 'ls', 'data'))
      .split('\n')
      .map((line) => line.split(' ')[0]),
  ).toEqual(['SNAPSHOT', 'first', expect.stringMatching(/^\d{8}-\d{6}$/)]);
  const twice = await engine.run('gantry', ['volume', 'snapshot', 'data', 'first']);
  expect(twice.stderr).toContain('volume data has a snapshot first');
  const id = await engine.ok('docker', 'run', '-d', '-v', 'data:/d', ...sh('sleep 1000'));
  expect((await engine.run('gantry', ['volume', 'restore', 'data', 'first'])).stderr).toContain(
    'volume data is mounted',
  );
  await engine.ok('docker', 'rm', '-f', id);
  await engine.ok('gantry', 'volume', 'restore', 'data', 'first');
  expect(await listing(path)).toBe(before);
  await engine.ok('gantry', 'volume', 'snapshot', 'rm', 'data', 'first');
  expect((await engine.run('gantry', ['volume', 'restore', 'data', 'first'])).stderr).toContain(
    'has no snapshot first',
  );
  for (const bad of ['../../x', '.new-x'])
    expect((await engine.run('gantry', ['volume', 'snapshot', 'data', bad])).stderr).toContain(
      'invalid snapshot name',
    );
  await engine.ok('gantry', 'volume', 'rm', 'data');
});

once('push and pull: an OCI artifact that any tool can look at', async (engine) => {
  const source = await made(engine, 'source');
  const registry = await registryOf(engine);
  const name = `${registry.host}/team/data:v1`;
  expect(await engine.ok('gantry', 'volume', 'push', 'source', name)).toContain('v1: digest: sha256:');
  const manifest = JSON.parse(await registry.manifest('team/data:v1'));
  expect(manifest).toMatchObject({
    schemaVersion: 2,
    artifactType: 'application/vnd.gantry.volume.v1',
    config: { mediaType: 'application/vnd.oci.empty.v1+json', size: 2 },
    layers: [{ mediaType: 'application/vnd.gantry.volume.v1.tar+zstd' }],
    annotations: { tier: 'gold', 'io.gantry.volume.name': 'source' },
  });
  expect(await engine.ok('gantry', 'volume', 'pull', name, 'target')).toEndWith('target');
  expect(await listing(await pathOf(engine, 'target'))).toBe(await listing(source));
  expect(await engine.ok('gantry', 'volume', 'inspect', '-f', '{{json .Labels}}', 'target')).toBe(
    '{"tier":"gold"}',
  );
  const missing = await engine.run('gantry', ['volume', 'pull', `${registry.host}/team/none`, 'x1']);
  expect(missing.code).toBe(1);
  await engine.ok('docker', 'tag', 'busybox', `${registry.host}/team/image`);
  await engine.ok('docker', 'push', '-q', `${registry.host}/team/image`);
  const image = await engine.run('gantry', ['volume', 'pull', `${registry.host}/team/image`, 'x1']);
  expect(image.stderr).toContain('is not a volume');
  await engine.ok('gantry', 'volume', 'rm', 'source', 'target');
  expect(await engine.ok('gantry', 'volume', 'ls', '-q')).toBe('');
  await engine.ok('docker', 'rmi', `${registry.host}/team/image`);
});

once('a link in a volume never leads out, however fast it is swapped (CVE-2023-0778)', async (engine) => {
  const canary = join(directory, 'canary');
  writeFileSync(canary, 'secret of the host');
  await engine.ok('gantry', 'volume', 'create', 'trap');
  const path = await pathOf(engine, 'trap');
  const script = `mkdir ${path}/d; cp /dev/null ${path}/d/canary; ln -s ${directory} ${path}/link`;
  await succeed(['sh', '-c', script]);
  const swapping = Bun.spawn(['python3', '-c', exchange, join(path, 'd'), join(path, 'link')]);
  try {
    for (let round = 0; round < 15; round++) {
      const tar = await engine.run('gantry', ['volume', 'export', 'trap']);
      expect(tar.stdout).not.toContain('secret of the host');
      await engine.run('gantry', ['volume', 'cp', 'trap', `copy${round}`]);
    }
  } finally {
    swapping.kill('SIGKILL');
    await swapping.exited;
  }
  const found = await succeed([
    'sh',
    '-c',
    `grep -rl "secret of the host" ${engine.dataRoot}/volumes || true`,
  ]);
  expect(found).toBe('');
  await engine.ok('gantry', 'volume', 'prune', '-fa');
});

/** renameat2(RENAME_EXCHANGE) of two paths, for ever. */
const exchange = `import ctypes, sys
libc = ctypes.CDLL(None)
a, b = (arg.encode() for arg in sys.argv[1:])
while True: libc.renameat2(-100, a, -100, b, 2)`;
