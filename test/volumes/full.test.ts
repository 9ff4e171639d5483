/** A full disk: a clear error, nothing half made, and the space is there again. */
import { afterAll, beforeAll, expect } from 'bun:test';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { patience, succeed } from '../rig/command.ts';
import { isGantry } from '../rig/engine.ts';
import { SmallDisk } from '../rig/loop.ts';
import { suite } from '../rig/suite.ts';

/** The data root's volumes are on a file system of their own. */
let disk: SmallDisk | undefined;
const megabytes = 64;
const { once } = suite();
const sh = (script: string) => ['busybox', 'sh', '-c', script];

beforeAll(async () => {
  if (isGantry) disk = await SmallDisk.create(megabytes);
}, patience(30_000));
afterAll(() => disk?.[Symbol.asyncDispose](), patience(90_000));

once('while an image is copied up, an archive imported, a volume copied', async (engine) => {
  if (disk === undefined) return;
  const volumes = join(engine.dataRoot, 'volumes');
  await engine.stopDaemon();
  await succeed(['mount', '--bind', disk.path, volumes]);
  await engine.startDaemon();
  const free = disk.free;
  try {
    const id = await engine.ok(
      'docker',
      'run',
      '-d',
      ...sh('mkdir /big; head -c 90000000 /dev/urandom > /big/file'),
    );
    await engine.ok('docker', 'wait', id);
    await engine.ok('docker', 'commit', id, 'big');
    const up = await engine.run('docker', ['run', '--rm', '-v', 'up:/big', 'big', 'true']);
    expect(up.stderr).toMatch(/no space left on device/i);
    await engine.run('docker', ['volume', 'rm', 'up']);

    const big = join(engine.directory, 'big.tar');
    await succeed([
      'sh',
      '-c',
      `cd ${engine.directory} && head -c 90000000 /dev/urandom > file && tar -cf ${big} file && rm file`,
    ]);
    const imported = await engine.run('gantry', ['volume', 'import', 'in', big]);
    expect(imported.stderr).toMatch(/no space left on device/i);
    expect(await engine.ok('gantry', 'volume', 'ls', '-q')).toBe('');

    await engine.ok('docker', 'run', '--rm', '-v', 'half:/d', ...sh('head -c 35000000 /dev/urandom > /d/f'));
    for (const args of [
      ['cp', 'half', 'copy'],
      ['snapshot', 'half', 'now'],
    ])
      expect((await engine.run('gantry', ['volume', ...args])).stderr).toMatch(/no space left on device/i);
    expect(await engine.ok('gantry', 'volume', 'ls', '-q')).toBe('half');
    expect(await engine.ok('docker', 'run', '--rm', '-v', 'half:/d', ...sh('wc -c < /d/f'))).toBe('35000000');
    await engine.ok('docker', 'rm', id);
    await engine.ok('docker', 'volume', 'rm', 'half');
    await engine.ok('docker', 'rmi', 'big');
    expect(readdirSync(disk.path).filter((name) => name !== 'lost+found')).toEqual([]);
    await succeed(['sync', '-f', disk.path]);
    expect(disk.free).toBeGreaterThan(free - (1 << 20));
  } finally {
    await engine.stopDaemon();
    await succeed(['umount', volumes]);
    await engine.startDaemon();
  }
});
