import { afterAll, expect } from 'bun:test';
import { mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually, succeed } from '../rig/command.ts';
import { TestEngine } from '../rig/engine.ts';
import { busybox } from '../rig/images.ts';
import { suite } from '../rig/suite.ts';

const directory = mkdtempSync(join(tmpdir(), 'gantry-local-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));
const { once } = suite();
const sh = (script: string) => ['busybox', 'sh', '-c', script];
const onlyGantry = 'Docker mounts block devices only, and limits sizes by XFS project quotas only';

const loops = async (file: string) => (await succeed(['losetup', '-j', file])).trim();

once(
  'file systems in files are mounted by a loop device while containers hold them',
  async (engine) => {
    for (const type of ['ext4', 'xfs', 'btrfs']) {
      const image = join(directory, `${type}.img`);
      await succeed(['truncate', '-s', type === 'xfs' ? '320M' : '128M', image]);
      await succeed([`mkfs.${type}`, '-q', image]);
      await engine.ok('docker', 'volume', 'create', '-o', `type=${type}`, '-o', `device=${image}`, type);
      const shown = await engine.ok(
        'docker',
        'run',
        '--rm',
        '-v',
        `${type}:/d`,
        ...sh(`grep " /d ${type}" /proc/mounts; echo kept > /d/f`),
      );
      expect(shown).toContain(`/dev/loop`);
      await eventually(async () => (await loops(image)) === '', 'the loop device is gone');
      const id = await engine.ok('docker', 'run', '-d', '-v', `${type}:/d`, ...sh('sleep 1000'));
      expect(await engine.ok('docker', 'exec', id, 'cat', '/d/f')).toBe('kept');
      expect(await loops(image)).toContain('/dev/loop');
      await engine.ok('docker', 'rm', '-f', id);
      await eventually(async () => (await loops(image)) === '', 'the loop device is gone');
      await engine.ok('docker', 'volume', 'rm', type);
    }
  },
  onlyGantry,
);

once(
  'a size is kept to: by a file system in a file',
  async (engine) => {
    await engine.ok('docker', 'volume', 'create', '-o', 'size=20m', 'small');
    expect(await engine.ok('docker', 'volume', 'inspect', '-f', '{{json .Status}}', 'small')).toBe(
      '{"Quota":"ext4 loop image","QuotaBytes":20971520}',
    );
    const image = join(engine.dataRoot, 'volumes/small/image');
    const { code, stderr } = await engine.run('docker', [
      'run',
      '--rm',
      '-v',
      'small:/etc',
      ...sh('cat /etc/passwd | wc -l; dd if=/dev/zero of=/etc/f bs=1M count=30'),
    ]);
    expect(code).toBe(1);
    expect(stderr).toContain('No space left on device');
    expect(
      await engine.ok(
        'docker',
        'run',
        '--rm',
        '-v',
        'small:/d',
        ...sh('ls /d; df -m /d | awk "NR==2{print \\$2 < 20}"'),
      ),
    ).toMatch(/passwd[\s\S]*\n1$/);
    expect(await loops(image)).toBe('');
    await engine.ok('docker', 'volume', 'rm', 'small');
    for (const [size, text] of [
      ['1x', "invalid size: '1x'"],
      ['10k', 'mkfs.ext4 cannot make a file system of 10240 bytes'],
    ] as const) {
      const bad = await engine.run('docker', ['volume', 'create', '-o', `size=${size}`, 'bad']);
      expect(bad.stderr).toContain(`create bad: ${text}`);
    }
    expect(await engine.ok('docker', 'volume', 'ls', '-q')).toBe('');
  },
  onlyGantry,
);

once(
  'a size is kept to: by a qgroup where the data root is btrfs',
  async () => {
    await using engine = await TestEngine.start({ driver: 'btrfs' });
    await busybox(engine);
    await engine.ok('docker', 'volume', 'create', '-o', 'size=10m', 'small');
    expect(await engine.ok('docker', 'volume', 'inspect', '-f', '{{.Status.Quota}}', 'small')).toBe(
      'btrfs qgroup',
    );
    const full = await engine.run('docker', [
      'run',
      '--rm',
      '-v',
      'small:/d',
      ...sh('dd if=/dev/urandom of=/d/f bs=1M count=30 && sync'),
    ]);
    expect(full.stderr).toMatch(/Disk quota exceeded|No space left/);
    await engine.ok('docker', 'volume', 'create', 'free');
    await engine.ok(
      'docker',
      'run',
      '--rm',
      '-v',
      'free:/d',
      ...sh('dd if=/dev/urandom of=/d/f bs=1M count=60'),
    );
    const before = await used(engine);
    await engine.ok('gantry', 'volume', 'snapshot', 'free', 'now');
    await engine.ok('gantry', 'volume', 'cp', 'free', 'copy');
    expect((await used(engine)) - before).toBeLessThan(10 << 20);
    await engine.ok('docker', 'run', '--rm', '-v', 'free:/d', ...sh('rm /d/f; echo new > /d/g'));
    await engine.ok('gantry', 'volume', 'restore', 'free', 'now');
    expect(
      await engine.ok('docker', 'run', '--rm', '-v', 'free:/d', ...sh('ls -s /d | wc -l; ls /d')),
    ).toEndWith('\nf');
    await engine.ok('docker', 'volume', 'rm', 'small', 'free', 'copy');
    expect(await succeed(['sh', '-c', `ls -A ${engine.dataRoot}/volumes`])).toBe('');
  },
  onlyGantry,
);

async function used(engine: TestEngine): Promise<number> {
  await succeed(['sync', '-f', engine.dataRoot]);
  const { blocks, bfree, bsize } = statfsSync(engine.dataRoot);
  return (blocks - bfree) * bsize;
}

once(
  'mounts outlive the daemon, are mended by the next one, and end with their last container',
  async (engine) => {
    await engine.ok('docker', 'volume', 'create', '-o', 'size=20m', 'kept');
    await engine.ok('docker', 'volume', 'create', '-o', 'size=20m', 'ended');
    const path = await engine.ok('docker', 'volume', 'inspect', '-f', '{{.Mountpoint}}', 'kept');
    const id = await engine.ok('docker', 'run', '-d', '-v', 'kept:/d', ...sh('echo 1 > /d/f; sleep 1000'));
    const other = await engine.ok('docker', 'run', '-d', '-v', 'ended:/d', ...sh('sleep 1000'));
    await engine.stopDaemon('SIGKILL');
    expect(await succeed(['findmnt', '-no', 'FSTYPE', path])).toBe('ext4\n');
    await succeed(['umount', path]);
    const shim = await succeed(['pgrep', '-f', `gantry-init shim ${other.slice(0, 12)}`]);
    process.kill(Number(shim.trim()), 'SIGKILL');
    await engine.startDaemon();
    expect(await succeed(['findmnt', '-no', 'FSTYPE', path])).toBe('ext4\n');
    const mounts = await succeed([
      'sh',
      '-c',
      `grep -c ${engine.dataRoot}/volumes/ended /proc/self/mounts || true`,
    ]);
    expect(mounts).toBe('0\n');
    expect(await engine.ok('docker', 'run', '--rm', '-v', 'kept:/d', ...sh('cat /d/f'))).toBe('1');
    expect(await engine.ok('docker', 'exec', id, 'cat', '/d/f')).toBe('1');
    await engine.ok('docker', 'rm', '-f', id, other);
    expect(await loops(join(engine.dataRoot, 'volumes/kept/image'))).toBe('');
    await engine.ok('docker', 'volume', 'rm', 'kept', 'ended');
  },
  onlyGantry,
);
