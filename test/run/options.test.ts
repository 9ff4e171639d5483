/** Options of create, run and exec that scripts lean on and that are easy to get almost right. */
import { expect } from 'bun:test';
import { existsSync } from 'node:fs';
import { isGantry } from '../rig/engine.ts';
import { busyboxTar } from '../rig/images.ts';
import { suite } from '../rig/suite.ts';

const { each } = suite();

each('--link: hosts, variables, and what cannot be linked', async (cli, engine) => {
  const target = ['run', '-d', '--name', 'web', '--expose', '80', '-e', 'A=b', 'busybox', 'sleep', '60'];
  const id = (await engine.ok(cli, ...target)).slice(0, 12);
  const address = await engine.ok(
    cli,
    'inspect',
    '-f',
    '{{.NetworkSettings.Networks.bridge.IPAddress}}',
    'web',
  );
  const flags = ['--rm', '--name', 'me', '--link', 'web:alias'];
  const hosts = await engine.ok(cli, 'run', ...flags, 'busybox', 'cat', '/etc/hosts');
  expect(hosts).toContain(`${address}\talias ${id} web`);
  const lines = (await engine.ok(cli, 'run', ...flags, 'busybox', 'env')).split('\n');
  expect(lines).toContain(`ALIAS_PORT=tcp://${address}:80`);
  expect(lines).toContain(`ALIAS_PORT_80_TCP_ADDR=${address}`);
  expect(lines).toContain('ALIAS_NAME=/me/alias');
  expect(lines).toContain('ALIAS_ENV_A=b');
  const nobody = await engine.run(cli, ['run', '--rm', '--link', 'nope', 'busybox', 'true']);
  expect(nobody.code).toBe(125);
  expect(nobody.stderr).toContain('could not get container for nope: No such container: nope');
  await engine.ok(cli, 'stop', '-t', '0', 'web');
  const stopped = await engine.run(cli, ['run', ...flags, 'busybox', 'true']);
  expect(stopped.stderr).toContain('Cannot link to a non running container: /web AS /me/alias');
  await engine.ok(cli, 'rm', 'web');
});

each('--platform must be the image', async (cli, engine) => {
  const run = (platform: string) =>
    engine.run(cli, ['run', '--rm', '--pull', 'never', '--platform', platform, 'busybox', 'true']);
  expect((await run('linux/amd64')).code).toBe(0);
  const other = await run('linux/arm64');
  expect(other.code).toBe(125);
  expect(other.stderr).toMatch(/image with reference busybox was found but .*platform.*linux\/arm64/);
});

each('a container that is named and missing is not a missing image', async (cli, engine) => {
  for (const flag of ['--ipc=container:nope', '--pid=container:nope', '--network=container:nope']) {
    const result = await engine.run(cli, ['run', '--rm', flag, 'busybox', 'true']);
    expect([flag, result.code]).toEqual([flag, 125]);
    expect(result.stderr).toContain('No such container: nope');
    expect(result.stderr).not.toContain('Unable to find image');
  }
  const volumes = await engine.run(cli, ['run', '--rm', '--volumes-from', 'nope', 'busybox', 'true']);
  expect(volumes.stderr).toContain('No such container: nope');
  expect(volumes.stderr).not.toContain('Unable to find image');
});

each('a full name of its own', async (cli, engine) => {
  const name = ['--hostname', 'host', '--domainname', 'example.test'];
  expect(await engine.ok(cli, 'run', '--rm', ...name, 'busybox', 'hostname', '-f')).toBe('host.example.test');
});

each('the working directory of an exec must be there', async (cli, engine) => {
  await engine.ok(cli, 'run', '-d', '--name', 'cwd', 'busybox', 'sleep', '60');
  const missing = await engine.run(cli, ['exec', '-w', '/not/there', 'cwd', 'true']);
  expect([126, 127]).toContain(missing.code);
  const text = 'chdir to cwd ("/not/there") set in config.json failed: no such file or directory';
  expect(missing.stdout + missing.stderr).toContain(text);
  const relative = await engine.run(cli, ['exec', '-w', 'tmp', 'cwd', 'true']);
  expect([126, 127]).toContain(relative.code);
  expect(relative.stdout + relative.stderr).toContain('Cwd must be an absolute path');
  expect((await engine.run(cli, ['exec', 'cwd', 'ls', '/not'])).code).not.toBe(0);
  await engine.ok(cli, 'rm', '-f', 'cwd');
});

each('ps --filter publish means the port of the host', async (cli, engine) => {
  await engine.ok(cli, 'run', '-d', '--name', 'out', '-p', '8190:80', 'busybox', 'sleep', '60');
  const names = (port: string) =>
    engine.ok(cli, 'ps', '-a', '--filter', `publish=${port}`, '--format', '{{.Names}}');
  expect(await names('8190')).toBe('out');
  expect(await names('80')).toBe('');
  await engine.ok(cli, 'rm', '-f', 'out');
});

each('an import that is refused ends at once, whatever is left to send', async (cli, engine) => {
  const change = await engine.run(cli, ['import', '--change', 'FOO a', busyboxTar, 'bad:1'], {
    timeout: 10_000,
  });
  expect(change.code).toBe(1);
  expect(change.stderr.toLowerCase()).toContain('foo is not a valid change command');
});

each('small texts', async (cli, engine) => {
  await engine.ok(cli, 'run', '-d', '--name', 'text', 'busybox', 'sleep', '60');
  const id = await engine.ok(cli, 'inspect', '-f', '{{.Id}}', 'text');
  const says = async (text: string | RegExp, ...args: string[]) => {
    const result = await engine.run(cli, args);
    expect([args, result.code]).not.toEqual([args, 0]);
    expect(result.stderr).toMatch(text);
  };
  await engine.ok(cli, 'pause', 'text');
  await says(new RegExp(`container ${id} is already paused`, 'i'), 'pause', 'text');
  await engine.ok(cli, 'unpause', 'text');
  await says(new RegExp(`container ${id} is not paused`, 'i'), 'unpause', 'text');
  await says(
    /Renaming a container with the same name[\s\S]*failed to rename container named text/,
    'rename',
    'text',
    'text',
  );
  await says(
    'invalid value for "since": failed to parse value as time or duration: "foo"',
    'logs',
    '--since',
    'foo',
    'text',
  );
  await says('failed to parse value as time or duration: "foo"', 'events', '--since', 'foo');
  await says('Error parsing reference: "UPPER" is not a valid repository/tag', 'tag', 'busybox', 'UPPER');
  await says('invalid output path: stat /not: no such file', 'save', '-o', '/not/x.tar', 'busybox');
  await says(
    'stat /dev/nope: no such file or directory',
    'run',
    '--rm',
    '--device-read-bps',
    '/dev/nope:1mb',
    'busybox',
  );
  await says(
    'invalid mount config for type "foo": mount type unknown',
    'run',
    '--rm',
    '--mount',
    'type=foo,dst=/x',
    'busybox',
  );
  await says(
    'Invalid isolation: "hyperv" - linux only supports \'default\'',
    'run',
    '--rm',
    '--isolation',
    'hyperv',
    'busybox',
  );
  await says(/kill container: text: .*not running/i, 'kill', await stopped(engine, cli, 'text'));
  if (isGantry) await says('cannot kill container: nobody: No such container: nobody', 'kill', 'nobody');
  expect(
    await engine.ok(cli, 'stats', '-a', '--no-stream', '--format', '{{.MemUsage}} {{.PIDs}}', 'text'),
  ).toBe('0B / 0B 0');
  await engine.ok(cli, 'rm', 'text');
});

each('--cidfile: claimed before the container is made, nothing made for it', async (cli, engine) => {
  const file = `${engine.directory}/${cli}.cid`;
  const id = await engine.ok(cli, 'create', '--cidfile', file, 'busybox');
  expect(await Bun.file(file).text()).toBe(id);
  const again = await engine.run(cli, ['run', '--rm', '--cidfile', file, 'busybox', 'true']);
  expect(again.stderr).toContain('container ID file found');
  const nowhere = `${engine.directory}/no-such-directory`;
  const lost = await engine.run(cli, ['run', '--rm', '--cidfile', `${nowhere}/id`, 'busybox', 'true']);
  expect(lost.code).not.toBe(0);
  expect(lost.stderr).toContain('failed to create the container ID file');
  expect(existsSync(nowhere)).toBe(false);
  const failed = await engine.run(cli, ['run', '--cidfile', `${file}2`, '--pull', 'never', 'no-such-image']);
  expect(failed.code).toBe(125);
  expect(existsSync(`${file}2`)).toBe(false);
  await engine.ok(cli, 'rm', id);
});

each('attributes of log lines by pattern', async (cli, engine) => {
  const pattern = ['--log-opt', 'labels-regex=^a', '--log-opt', 'env-regex=^E'];
  const more = ['--label', 'ab=1', '--label', 'b=2', '-e', 'EX=3', '--name', 'attrs'];
  await engine.ok(cli, 'run', ...pattern, ...more, 'busybox', 'echo', 'line');
  const text = await engine.ok(cli, 'logs', '--details', 'attrs');
  expect(text.split(/[ ,]/).sort()).toEqual(['EX=3', 'ab=1', 'line']);
  await engine.ok(cli, 'rm', 'attrs');
});

each('refused with what is wrong, not with how it went wrong', async (cli, engine) => {
  const says = async (text: string, ...args: string[]) => {
    const result = await engine.run(cli, ['run', '--rm', ...args]);
    expect([args, result.code]).toEqual([args, 125]);
    expect(result.stderr).toContain(`daemon: ${text}`);
  };
  await says(
    'unable to find user nobody-here: no matching entries in passwd file',
    '-u',
    'nobody-here',
    'busybox',
  );
  await says(
    'unable to find group nogrp: no matching entries in group file',
    '-u',
    'nobody:nogrp',
    'busybox',
  );
  await says('invalid tmpfs option ["foo"]', '--tmpfs', '/t:foo', 'busybox');
  await says('Invalid value x for cpuset cpus: invalid format: x', '--cpuset-cpus', 'x', 'busybox');
  const host = ['run', '--rm', '--network', 'host', '-p', '80:80', 'busybox', 'true'];
  expect((await engine.run(cli, host)).stderr).toContain(
    'WARNING: Published ports are discarded when using host network mode',
  );
});

async function stopped(
  engine: { ok(cli: 'docker' | 'gantry', ...args: string[]): Promise<string> },
  cli: 'docker' | 'gantry',
  name: string,
): Promise<string> {
  await engine.ok(cli, 'stop', '-t', '0', name);
  return name;
}
