/**
 * What somebody does who may write to a volume while others mount parts of it or fill it: exchanges a directory for a link to the host,
 * again and again, without a pause. Nothing of the host may be read, made, bound or changed. GANTRY_TEST_RACE_ROUNDS=5000 for long runs.
 */
import { expect } from 'bun:test';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { patience, succeed } from '../rig/command.ts';
import type { TestEngine } from '../rig/engine.ts';
import { busyboxTar } from '../rig/images.ts';
import { hostDirectory } from '../rig/mounts.ts';
import { suite } from '../rig/suite.ts';
import { Canary, Exchange, secret } from './exchange.ts';

const { once } = suite();
const cli = 'docker';
const rounds = Number(process.env.GANTRY_TEST_RACE_ROUNDS ?? 20);
const reference = 'gantry is held to more than Docker 20.10';

async function volume(engine: TestEngine, name: string): Promise<string> {
  await engine.ok(cli, 'volume', 'create', name);
  return engine.ok(cli, 'volume', 'inspect', '-f', '{{.Mountpoint}}', name);
}

async function repeatedly(work: (round: number) => Promise<void>): Promise<void> {
  const end =
    Date.now() + (process.env.GANTRY_TEST_RACE_ROUNDS ? Number.POSITIVE_INFINITY : patience(25_000));
  for (let round = 0; round < rounds && Date.now() < end; round++) await work(round);
}

once(
  'a subpath that is exchanged for a link to the host (CVE-2021-30465, CVE-2024-23651)',
  async (engine) => {
    const canary = new Canary(hostDirectory(engine));
    const path = await volume(engine, 'exchanged');
    await succeed([
      'sh',
      '-ec',
      `cd ${path}; mkdir -p dir/deep; ln -s ${canary.path} link; echo mine > dir/deep/secret; ln -s ../../../../../../../..${canary.path} climb`,
    ]);
    for (const link of ['link', 'climb']) {
      await using _ = await Exchange.start(engine.directory, path, 'dir', link);
      const outcomes = new Set<string>();
      await repeatedly(async () => {
        const mount = 'type=volume,src=exchanged,dst=/m,volume-subpath=dir/deep';
        const result = await engine.run(cli, [
          'run',
          '--rm',
          '--mount',
          mount,
          'busybox',
          'sh',
          '-c',
          'cat /m/secret; touch /m/made',
        ]);
        expect(result.stdout).not.toContain(secret);
        outcomes.add(
          result.code === 0
            ? 'bound'
            : (/escapes the base directory|cannot access path/.exec(result.stderr)?.[0] ?? result.stderr),
        );
      });
      for (const outcome of outcomes)
        expect(['bound', 'escapes the base directory', 'cannot access path']).toContain(outcome);
      expect(canary.harm).toBe('');
    }
    await engine.ok(cli, 'volume', 'rm', 'exchanged');
  },
  reference,
);

once(
  'a mount point in a shared volume that is exchanged for a link to the host (CVE-2021-30465)',
  async (engine) => {
    const canary = new Canary(hostDirectory(engine));
    const path = await volume(engine, 'points');
    await succeed(['sh', '-ec', `cd ${path}; mkdir dir; ln -s ${canary.path} link`]);
    {
      await using _ = await Exchange.start(engine.directory, path, 'dir', 'link');
      await repeatedly(async () => {
        const mounts = ['-v', 'points:/v', '--tmpfs', '/v/dir/tmpfs', '-v', '/etc:/v/dir/deep/bound:ro'];
        await engine.run(cli, ['run', '--rm', ...mounts, 'busybox', 'true']);
      });
    }
    expect(canary.harm).toBe('');
    await engine.ok(cli, 'volume', 'rm', 'points');
  },
  reference,
);

once(
  'a volume that is filled while its directories become links to the host (CVE-2022-23648)',
  async (engine) => {
    const canary = new Canary(hostDirectory(engine));
    const tar = join(engine.directory, 'filled.tar');
    // Further names of one file, and nodes, are made by path; both in a directory that may be another one by then.
    await succeed([
      'sh',
      '-ec',
      `d=$(mktemp -d); trap 'rm -rf $d' EXIT; cd $d; tar -xf ${busyboxTar}; mkdir -p fill/a/deep fill/b; echo image > fill/a/secret
       for i in $(seq 40); do ln fill/a/secret fill/b/link$i; mkfifo -m 666 fill/a/pipe$i; done; mkfifo -m 666 fill/a/pipe; tar -cf ${tar} .`,
    ]);
    await engine.ok(cli, 'import', tar, 'filled');
    await repeatedly(async (round) => {
      const name = `fill-${round}`;
      const path = await volume(engine, name);
      const swap = Bun.spawn([
        'sh',
        '-c',
        `while :; do mv -T ${path}/a ${path}/../moved && ln -s ${canary.path} ${path}/a && rm ${path}/a && mv -T ${path}/../moved ${path}/a; done 2>/dev/null`,
      ]);
      await engine.run(cli, ['create', '--name', name, '-v', `${name}:/fill`, 'filled', 'true']);
      swap.kill('SIGKILL');
      await swap.exited;
      expect((await succeed(['sh', '-c', `grep -rl '${secret}' ${path}/.. || true`])).trim()).toBe('');
      await engine.run(cli, ['rm', name]);
      rmSync(join(path, '../moved'), { recursive: true, force: true });
      await engine.ok(cli, 'volume', 'rm', name);
    });
    expect(canary.harm).toBe('');
    await engine.ok(cli, 'rmi', 'filled');
  },
  reference,
);

once(
  'an image whose own links lead out, as a mount and in parts',
  async (engine) => {
    const canary = new Canary(hostDirectory(engine));
    const tar = join(engine.directory, 'links.tar');
    await succeed([
      'sh',
      '-ec',
      `d=$(mktemp -d); trap 'rm -rf $d' EXIT; cd $d; tar -xf ${busyboxTar}; ln -s ${canary.path} abs; ln -s ../../../../../../../../..${canary.path} rel; ln -s /proc/1/root${canary.path} magic; tar -cf ${tar} .`,
    ]);
    await engine.ok(cli, 'import', tar, 'links');
    for (const subpath of ['abs', 'rel', 'magic', 'abs/deep', 'rel/secret']) {
      const mount = `type=image,src=links,dst=/m,image-subpath=${subpath}`;
      const body = JSON.stringify({
        Image: 'busybox',
        Cmd: ['sh', '-c', 'cat /m /m/secret'],
        HostConfig: {
          Mounts: [{ Type: 'image', Source: 'links', Target: '/m', ImageOptions: { Subpath: subpath } }],
        },
      });
      const response = await engine.api('/containers/create', {
        method: 'POST',
        body,
        headers: { 'Content-Type': 'application/json' },
      });
      const { Id } = (await response.json()) as { Id: string };
      const result = await engine.run(cli, ['start', '-a', Id]);
      expect([mount, result.code === 0, result.stdout.includes(secret)]).toEqual([mount, false, false]);
      await engine.ok(cli, 'rm', Id);
    }
    expect(canary.harm).toBe('');
    await engine.ok(cli, 'rmi', 'links');
  },
  reference,
);
