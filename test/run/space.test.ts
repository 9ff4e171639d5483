/** Disk space: layers that are kept once. */
import { expect, test } from 'bun:test';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { OnDisk } from '../../src/engine/model.ts';
import { eventually, patience, succeed } from '../rig/command.ts';
import { isGantry, TestEngine } from '../rig/engine.ts';
import { busybox, busyboxTar } from '../rig/images.ts';
import { suite } from '../rig/suite.ts';

const own = 'how layers are stored is each engine’s own';
const { each, once } = suite();

/** Files of blobs that are larger than documents are. */
const largeBlobs = async (engine: TestEngine) =>
  (await succeed(['find', join(engine.dataRoot, 'content/blobs'), '-type', 'f', '-size', '+64k'])).trim();

const isThin = (engine: TestEngine) =>
  eventually(async () => (await largeBlobs(engine)) === '', 'plain layers are thin', 30_000);

const digestOf = async (engine: TestEngine, cli: 'docker' | 'gantry', name: string) =>
  (
    await succeed([
      'bash',
      '-c',
      `set -o pipefail; '${engine.argv(cli, ['save', name]).join("' '")}' | sha256sum`,
    ])
  ).trim();

each(
  'a plain layer is kept once, and saved as it came',
  async (cli, engine) => {
    const name = `thin-${cli}:1`;
    await succeed(['sh', '-c', `'${engine.argv(cli, ['import', '-', name]).join("' '")}' < ${busyboxTar}`]);
    const before = await digestOf(engine, cli, name);
    await isThin(engine);
    expect(readdirSync(join(engine.dataRoot, 'content/skeletons')).length).toBeGreaterThan(0);
    expect(await digestOf(engine, cli, name)).toBe(before);
    expect(await engine.ok(cli, 'run', '--rm', name, 'echo', 'runs')).toBe('runs');
    await engine.stopDaemon('SIGKILL');
    await engine.startDaemon();
    expect(await digestOf(engine, cli, name)).toBe(before);
    await engine.ok(cli, 'rmi', name);
  },
  own,
);

once(
  'a save of files that have changed says so, and what to do',
  async (engine) => {
    await isThin(engine);
    const layer = (await succeed(['find', join(engine.dataRoot, 'snapshots'), '-name', 'busybox'])).trim();
    await succeed([
      'sh',
      '-c',
      `cp -a ${layer} ${engine.directory}/kept; printf x >> ${layer}; printf y | dd of=${layer} bs=1 seek=100 conv=notrunc status=none`,
    ]);
    for (const cli of ['docker', 'gantry'] as const) {
      const result = await engine.run(cli, ['save', '-o', join(engine.directory, 'never.tar'), 'busybox']);
      expect(result.code).not.toBe(0);
      expect(result.stderr).toContain('gantry system fsck');
      expect(existsSync(join(engine.directory, 'never.tar'))).toBe(false);
    }
    const damaged = await engine.run('gantry', ['system', 'fsck']);
    expect([damaged.code, damaged.stdout]).toEqual([
      1,
      expect.stringMatching(/^blob sha256:.* files have changed/m),
    ]);
    expect(damaged.stdout).toContain('image busybox:latest: its layer sha256:');
    await succeed(['cp', '-a', `${engine.directory}/kept`, layer]);
    await digestOf(engine, 'docker', 'busybox');
    const clean = await engine.run('gantry', ['system', 'fsck']);
    expect([clean.code, clean.stdout]).toEqual([0, 'Everything is in order\n']);
    expect(clean.stderr).toContain('Verifying content');
  },
  own,
);

once(
  'fsck by the command line: JSON, repair, and its codes',
  async (engine) => {
    const orphan = join(engine.dataRoot, 'containers', 'nobody');
    mkdirSync(orphan);
    const found = await engine.run('gantry', ['system', 'fsck', '--json', '--quiet']);
    expect([found.code, found.stderr]).toEqual([1, '']);
    expect(JSON.parse(found.stdout)).toEqual({
      kind: 'orphan',
      subject: orphan,
      detail: 'no record explains it',
      repair: 'removed',
      repaired: false,
    });
    const mended = await engine.run('gantry', ['system', 'fsck', '--repair']);
    expect([mended.code, mended.stdout]).toEqual([
      0,
      `orphan ${orphan}: no record explains it (repaired: removed)\n1 repaired, 0 left\n`,
    ]);
    expect(existsSync(orphan)).toBe(false);
    expect((await engine.run('gantry', ['system', 'fsck'])).code).toBe(0);
  },
  own,
);

if (isGantry)
  test(
    '--thin-layers=false',
    async () => {
      await using engine = await TestEngine.start({ flags: ['--thin-layers=false'] });
      await busybox(engine);
      const blobs = await largeBlobs(engine);
      expect(blobs).not.toBe('');
      // Nothing announces that nothing happens: longer than the worker waits.
      await Bun.sleep(4000);
      expect(await largeBlobs(engine)).toBe(blobs);
    },
    patience(60_000),
  );

/** Blocks, as du counts them; a database in use changes between two looks. */
const diskOf = async (engine: TestEngine) =>
  Number((await succeed(['du', '-sx', '-B1', engine.dataRoot])).split('\t')[0]);

once(
  'df -v tells what the data root takes',
  async (engine) => {
    await isThin(engine);
    const size = 20 << 20;
    const fill = `head -c ${size} /dev/urandom`;
    await engine.ok(
      'docker',
      'run',
      '--name',
      'full',
      '-v',
      'filled:/v',
      'busybox',
      'sh',
      '-c',
      `${fill} > /a; ${fill} > /v/b; for i in $(seq 500); do echo $i > /f$i; done; head -c 3000000 /dev/zero | tr '\\0' 'x' | fold -w 80`,
    );
    const orphan = join(engine.dataRoot, 'containers', 'nobody');
    await succeed(['sh', '-c', `mkdir ${orphan}; ${fill} > ${orphan}/x`]);
    const usage = (await (await engine.api('/gantry/df')).json()) as OnDisk;
    expect(Math.abs(usage.total / (await diskOf(engine)) - 1)).toBeLessThan(0.02);
    for (const section of [usage.containers, usage.volumes, usage.orphans])
      expect(section.bytes).toBeGreaterThanOrEqual(size);
    expect(usage.logs.bytes).toBeGreaterThan(3_000_000);
    expect(usage.orphans.count).toBe(1);
    const text = await engine.ok('gantry', 'system', 'df', '-v');
    for (const what of ['Content', 'Layers', 'Containers', 'Logs', 'Volumes', 'Orphans', 'Total'])
      expect(text).toMatch(new RegExp(`^${what} +\\d* +[\\d.]+[kMG]?B`, 'm'));
    expect(await engine.ok('docker', 'system', 'df', '-v')).toContain('Local Volumes space usage');
    await engine.ok('gantry', 'system', 'fsck', '--repair');
    await engine.ok('docker', 'rm', 'full');
    await engine.ok('docker', 'volume', 'rm', 'filled');
    const after = (await (await engine.api('/gantry/df')).json()) as OnDisk;
    expect([after.orphans, after.containers, after.volumes]).toEqual([
      { count: 0, bytes: 0 },
      { count: 0, bytes: 0 },
      { count: 0, bytes: 0 },
    ]);
  },
  own,
);
