/** --mount type=image: an image's files, read-only, in a container of another image. */
import { expect } from 'bun:test';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Cli, TestEngine } from '../rig/engine.ts';
import { suite } from '../rig/suite.ts';

const { each } = suite();
const sh = (script: string) => ['busybox', 'sh', '-c', script];
const newer = 'Docker has it from version 28 on';

/** Two layers on busybox, and a link that leads out. */
async function makeImage(engine: TestEngine, cli: Cli): Promise<string> {
  const name = `files-${cli}`;
  for (const [from, script] of [
    ['busybox', 'mkdir -p /site/deep; echo one > /site/index; echo deep > /site/deep/f; ln -s /etc /out'],
    [name, 'echo two > /site/index; rm -r /bin; ln -s deep /site/in'],
  ]) {
    const id = await engine.ok('docker', 'create', from ?? '', 'sh', '-ec', script ?? '');
    await engine.ok('docker', 'start', '-a', id);
    await engine.ok('docker', 'commit', id, name);
    await engine.ok('docker', 'rm', id);
  }
  return name;
}

const snapshots = (engine: TestEngine) => readdirSync(join(engine.dataRoot, 'snapshots')).length;

each(
  'its files, all of them or a part, read-only',
  async (cli, engine) => {
    const image = await makeImage(engine, cli);
    const before = snapshots(engine);
    const run = (options: string, script: string) =>
      engine.run(cli, ['run', '--rm', '--mount', `type=image,src=${image},dst=/i${options}`, ...sh(script)]);
    const all = await run('', 'cat /i/site/index; ls /i; touch /i/x; touch /i/site/deep/f');
    expect(all.stdout).toBe('two\netc\nout\nroot\nsite\ntmp\nusr\nvar\n');
    expect(all.stderr.match(/Read-only file system/g)).toHaveLength(2);
    expect((await run(',image-subpath=site', 'cat /i/index')).stdout).toBe('two\n');
    expect((await run(',image-subpath=site/in', 'cat /i/f')).stdout).toBe('deep\n');
    expect((await run(',image-subpath=site/deep/f', 'cat /i')).stdout).toBe('deep\n');
    expect((await run(',image-subpath=out', 'true')).stderr).toContain(
      'path concatenation escapes the base directory',
    );
    expect((await run(',image-subpath=none', 'true')).stderr).toContain('cannot access path');
    const twice = `--mount type=image,src=${image},dst=/a --mount type=image,src=busybox,dst=/b`.split(' ');
    expect(
      (await engine.run(cli, ['run', '--rm', ...twice, ...sh('cat /a/site/index; ls /b/bin/busybox')]))
        .stdout,
    ).toBe('two\n/b/bin/busybox\n');
    expect(snapshots(engine)).toBe(before);
    await engine.ok(cli, 'rmi', image);
  },
  newer,
);

each(
  'it is in use for as long as the container exists, and over restarts',
  async (cli, engine) => {
    const image = await makeImage(engine, cli);
    const id = await engine.ok(
      cli,
      'run',
      '-d',
      '--mount',
      `type=image,src=${image},dst=/i`,
      ...sh('cat /i/site/index; sleep 60'),
    );
    const format = '{{range .Mounts}}{{.Type}} {{.Name}} {{.Destination}} {{.RW}} {{.Propagation}}{{end}}';
    expect(await engine.ok(cli, 'inspect', '-f', format, id)).toBe(`image ${image} /i false rprivate`);
    const imageId = await engine.ok(cli, 'image', 'inspect', '-f', '{{.Id}}', image);
    const running = await engine.run(cli, ['rmi', '-f', imageId]);
    expect(running.stderr).toContain(`image is being used by running container ${id.slice(0, 12)}`);
    await engine.ok(cli, 'restart', '-t', '0', id);
    expect(await engine.ok(cli, 'exec', id, 'cat', '/i/site/index')).toBe('two');
    await engine.ok(cli, 'stop', '-t', '0', id);
    const stopped = await engine.run(cli, ['rmi', image]);
    expect(stopped.stderr).toContain(`container ${id.slice(0, 12)} is using its referenced image`);
    // Even when the name is taken away by force the files stay for the container, and for those that share its mounts.
    await engine.ok(cli, 'rmi', '-f', image);
    await engine.ok(cli, 'start', id);
    const other = await engine.ok(
      cli,
      'run',
      '--rm',
      '--volumes-from',
      id,
      ...sh('cat /i/site/index; touch /i/x || true'),
    );
    expect(other).toBe('two');
    await engine.ok(cli, 'rm', '-f', id);
  },
  newer,
);

each(
  'an image that is not there, and a start that fails, leave nothing',
  async (cli, engine) => {
    const before = snapshots(engine);
    const missing = await engine.run(cli, ['create', '--mount', 'type=image,src=nothere,dst=/i', 'busybox']);
    expect(missing.code).not.toBe(0);
    const failed = await engine.run(cli, [
      'run',
      '--rm',
      '--mount',
      'type=image,src=busybox,dst=/i',
      'busybox',
      '/no',
    ]);
    expect(failed.code).toBe(127);
    expect(snapshots(engine)).toBe(before);
    expect(existsSync(join(engine.execRoot, 'containers'))).toBe(true);
    expect(readdirSync(join(engine.execRoot, 'containers'))).toEqual([]);
  },
  newer,
);
