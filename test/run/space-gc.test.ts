/** Images go by policy when the file system fills up: a small ext4 of its own, filled with images. */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { GcReport } from '../../src/engine/model.ts';
import { command, eventually, patience, succeed } from '../rig/command.ts';
import { gantryBinary, isGantry, TestEngine } from '../rig/engine.ts';
import { busybox } from '../rig/images.ts';

const directory = mkdtempSync(join(tmpdir(), 'gc-'));
const dataRoot = join(directory, 'root');
let engine: TestEngine;

if (!isGantry) test('differs: images by policy: gantry’s own', () => {});
else {
  beforeAll(async () => {
    mkdirSync(dataRoot);
    await succeed(['truncate', '-s', '256M', join(directory, 'disk')]);
    await succeed(['mkfs.ext4', '-q', '-m', '0', join(directory, 'disk')]);
    await succeed(['mount', '-o', 'loop', join(directory, 'disk'), dataRoot]);
    const policy = 'high=60%,low=45%,min-age=0,keep=label=keep,keep=reference=busybox';
    engine = await TestEngine.start({ flags: ['--data-root', dataRoot, '--image-gc', policy] });
    await busybox(engine);
  }, patience(60_000));
  afterAll(async () => {
    await engine?.[Symbol.asyncDispose]();
    await succeed(['umount', dataRoot]);
    rmSync(directory, { recursive: true, force: true });
  }, patience(60_000));

  /** 20 MB that no compression makes less, under a name; on disk they are once. */
  const fill = async (name: string, ...options: string[]) => {
    const imported = engine.argv('docker', ['import', ...options, '-', name]).join("' '");
    const script = `mkdir -p ${directory}/x && head -c 20000000 /dev/urandom > ${directory}/x/file && tar -C ${directory}/x -c . | '${imported}'`;
    await succeed(['sh', '-c', script]);
    const blobs = ['find', join(dataRoot, 'content/blobs'), '-size', '+64k'];
    await eventually(async () => (await succeed(blobs)) === '', `${name} is kept once`, 30_000);
  };

  /** Percent, rounded up. */
  const inUse = async () => Number(/(\d+)%/.exec(await succeed(['df', '--output=pcent', dataRoot]))?.[1]);

  const names = async () =>
    (await engine.ok('docker', 'images', '--format', '{{.Repository}}')).split('\n').sort();

  test(
    'pinned, used and kept images stay; of the others the least recently used go',
    async () => {
      await fill('pinned');
      expect(await engine.ok('gantry', 'image', 'pin', 'pinned')).toBe('pinned');
      const pins = ['image', 'ls', '--format', '{{.Repository}} {{.Pinned}}'];
      expect((await engine.ok('gantry', ...pins)).split('\n').sort()).toEqual([
        'busybox false',
        'pinned true',
      ]);
      expect(await engine.ok('gantry', 'image', 'inspect', '-f', '{{.Pinned}}', 'pinned')).toBe('true');
      await fill('labelled', '-c', 'LABEL keep=1');
      await fill('used', '-c', 'CMD ["x"]');
      const container = await engine.ok('docker', 'create', 'used');
      await fill('first');
      await fill('second');
      // Used again: it is "second" that goes first now.
      await engine.ok('docker', 'tag', 'first', 'first-again');
      const events = Bun.spawn(
        engine.argv('docker', ['events', '--since', '1', '--format', '{{.Type}} {{.Action}} {{.Actor.ID}}']),
        { stdout: 'pipe' },
      );
      expect(await names()).toContain('second');
      await fill('third');
      await fill('fourth');
      await fill('fifth');
      await eventually(async () => !(await names()).includes('second'), 'the policy is followed', 30_000);
      await eventually(async () => (await inUse()) <= 60, 'use is below the limit', 30_000);
      const left = await names();
      for (const name of ['busybox', 'labelled', 'pinned', 'used']) expect(left).toContain(name);
      // Whatever went, went in the order of last use.
      const byUse = ['second', 'first', 'third', 'fourth', 'fifth'];
      const stayed = byUse.filter((name) => left.includes(name));
      expect(byUse.slice(byUse.length - stayed.length)).toEqual(stayed);
      expect(left.includes('first-again')).toBe(left.includes('first'));
      events.kill();
      const seen = await new Response(events.stdout).text();
      expect(seen).toMatch(/^image untag sha256:/m);
      expect(seen).toMatch(/^image delete sha256:/m);
      expect(seen).toMatch(/^daemon gc/m);
      expect(engine.log()).toContain('image gc');
      await engine.ok('docker', 'rm', container);
    },
    patience(120_000),
  );

  test(
    'by hand: what would go, what goes, and what has no policy',
    async () => {
      await engine.ok('gantry', 'image', 'unpin', 'pinned');
      const gc = ['system', 'gc', '--low', '10%', '--min-age', '0s'];
      const before = await names();
      const dry = await engine.ok('gantry', ...gc, '--dry-run');
      expect(dry).toContain('Would remove: pinned:latest (20');
      expect(dry).toContain('Would remove: used:latest');
      expect(await names()).toEqual(before);
      expect(await engine.ok('gantry', ...gc)).toContain('Removed: pinned:latest');
      expect(await names()).toEqual(['busybox', 'labelled']);
      const kept = await engine.ok(
        'gantry',
        'system',
        'gc',
        '--high',
        '1B',
        '--keep',
        'reference=busybox*',
        '--dry-run',
        '--min-age',
        '0s',
      );
      expect(kept).toContain('labelled:latest');
      expect(kept).not.toContain('busybox');
      expect(await engine.ok('gantry', 'system', 'gc', '--high', '100%')).toContain('Nothing to do');
      const young = await engine.api('/gantry/gc?high=1B&min-age=1h&keep=label=none', { method: 'POST' });
      expect(((await young.json()) as GcReport).removed).toEqual([]);
      const wrong = await engine.run('gantry', ['system', 'gc', '--high', 'much']);
      expect([wrong.code, wrong.stderr]).toEqual([
        1,
        expect.stringContaining('invalid image-gc high: "much"'),
      ]);
    },
    patience(60_000),
  );

  test(
    'a daemon without a policy removes nothing, and says so when it is asked',
    async () => {
      await using other = await TestEngine.start();
      await busybox(other);
      const result = await other.run('gantry', ['system', 'gc']);
      expect(result.stderr).toContain('there is no image-gc policy');
      expect(await other.ok('docker', 'images', '-q')).not.toBe('');
    },
    patience(60_000),
  );

  test('a policy that makes no sense keeps the daemon from starting', async () => {
    const result = await command([gantryBinary, 'daemon', '--image-gc', 'high=10%,low=20%']);
    expect([result.code, result.stderr]).toEqual([1, 'gantry daemon: image-gc low is above high\n']);
  });
}
