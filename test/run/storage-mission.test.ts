/**
 * The storage examples of the mission, as they are written there, on busybox's httpd: `~` is a directory of the test's own, as what
 * runs as root's home is the machine's.
 */
import { expect } from 'bun:test';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually, succeed } from '../rig/command.ts';
import type { Cli, TestEngine } from '../rig/engine.ts';
import { busyboxTar } from '../rig/images.ts';
import { hostDirectory } from '../rig/mounts.ts';
import { suite } from '../rig/suite.ts';

const { each } = suite();
const documents = '/usr/local/apache2/htdocs';

/** `httpd`: serves its documents at port 80, and has a page of its own. `datapacked`: htdocs packed into busybox, as a volume. */
async function images(engine: TestEngine): Promise<void> {
  if ((await engine.run('docker', ['image', 'inspect', 'httpd'])).code === 0) return;
  const pack = async (name: string, page: string, changes: string[]) => {
    const tar = join(engine.directory, `${name}.tar`);
    await succeed([
      'sh',
      '-ec',
      `d=$(mktemp -d); trap 'rm -rf $d' EXIT; cd $d; tar -xf ${busyboxTar}; mkdir -p .${documents}; echo '${page}' > .${documents}/index.html; tar --numeric-owner -cf ${tar} .`,
    ]);
    await engine.ok('docker', 'import', ...changes.flatMap((change) => ['--change', change]), tar, name);
  };
  await pack('httpd', 'It works!', [`CMD ["httpd","-f","-h","${documents}"]`, 'EXPOSE 80']);
  await pack('datapacked', 'packed', ['CMD ["sh"]', `VOLUME ${documents}`]);
}

/** The page that a container serves at the port it was given. */
async function page(engine: TestEngine, cli: Cli, name: string, expected: string): Promise<void> {
  const port = (await engine.ok(cli, 'port', name, '80')).split('\n')[0]?.split(':').at(-1);
  await eventually(async () => {
    const { stdout } = await engine.curl(`http://127.0.0.1:${port}/`);
    return stdout.trim() === expected;
  }, `${name} serves ${expected}`);
}

each('bind mount: docker run -d -p 80 -v ~/htdocs:/usr/local/apache2/htdocs httpd', async (cli, engine) => {
  await images(engine);
  const htdocs = hostDirectory(engine);
  writeFileSync(join(htdocs, 'index.html'), 'from the host');
  const id = await engine.ok(cli, 'run', '-d', '-p', '80', '-v', `${htdocs}:${documents}`, 'httpd');
  await page(engine, cli, id, 'from the host');
  writeFileSync(join(htdocs, 'index.html'), 'changed from outside');
  await page(engine, cli, id, 'changed from outside');
  await engine.ok(cli, 'rm', '-f', id);
  expect(await Bun.file(join(htdocs, 'index.html')).text()).toBe('changed from outside');
});

each('managed volume: docker run -d -p 80 -v /usr/local/apache2/htdocs httpd', async (cli, engine) => {
  await images(engine);
  const id = await engine.ok(cli, 'run', '-d', '-p', '80', '-v', documents, 'httpd');
  await page(engine, cli, id, 'It works!');
  // docker inspect: the section Mounts tells the actual directory.
  const [inspected] = JSON.parse(await engine.ok(cli, 'inspect', id)) as {
    Mounts: Record<string, unknown>[];
  }[];
  const [mount] = inspected?.Mounts ?? [];
  expect(mount).toMatchObject({ Type: 'volume', Destination: documents, Driver: 'local', RW: true });
  const source = String(mount?.Source);
  expect(await Bun.file(join(source, 'index.html')).text()).toBe('It works!\n');
  writeFileSync(join(source, 'index.html'), 'changed in the volume');
  await page(engine, cli, id, 'changed in the volume');
  await engine.ok(cli, 'rm', '-f', id);
  // Without -v the data outlives the container.
  expect(await Bun.file(join(source, 'index.html')).text()).toBe('changed in the volume');
  await engine.ok(cli, 'volume', 'rm', String(mount?.Name));
});

each('volume container: two servers of --volumes-from vc_data', async (cli, engine) => {
  await images(engine);
  const htdocs = hostDirectory(engine);
  writeFileSync(join(htdocs, 'index.html'), 'shared');
  await engine.ok(
    cli,
    ...`create --name vc_data -v ${htdocs}:${documents} -v /other/useful/tools busybox`.split(' '),
  );
  for (const name of ['web1', 'web2'])
    await engine.ok(cli, ...`run --name ${name} -d -p 80 --volumes-from vc_data httpd`.split(' '));
  for (const name of ['web1', 'web2']) await page(engine, cli, name, 'shared');
  writeFileSync(join(htdocs, 'index.html'), 'for both');
  for (const name of ['web1', 'web2']) await page(engine, cli, name, 'for both');
  await engine.ok(cli, 'exec', 'web1', 'touch', '/other/useful/tools/hammer');
  expect(await engine.ok(cli, 'exec', 'web2', 'ls', '/other/useful/tools')).toBe('hammer');
  expect(await engine.ok(cli, 'ps', '-q', '--filter', 'name=vc_data')).toBe('');
  await engine.ok(cli, 'rm', '-f', '-v', 'web1', 'web2', 'vc_data');
  expect(await engine.ok(cli, 'volume', 'ls', '-q')).toBe('');
});

each('data-packed volume container: the data comes with the image', async (cli, engine) => {
  await images(engine);
  await engine.ok(cli, 'create', '--name', 'vc_data', 'datapacked');
  await engine.ok(cli, ...'run --name web2 -d -p 80 --volumes-from vc_data httpd'.split(' '));
  await page(engine, cli, 'web2', 'packed');
  await engine.ok(cli, 'rm', '-f', '-v', 'web2', 'vc_data');
  expect(await engine.ok(cli, 'volume', 'ls', '-q')).toBe('');
});

each('tmpfs: gone when the container stops, and not part of what is committed', async (cli, engine) => {
  const id = await engine.ok(cli, 'run', '-d', '--tmpfs', '/scratch', 'busybox', 'sleep', '60');
  await engine.ok(cli, 'exec', id, 'sh', '-c', 'echo secret > /scratch/f; echo kept > /kept');
  const image = `committed-${cli}`;
  await engine.ok(cli, 'commit', id, image);
  expect(
    await engine.ok(cli, 'run', '--rm', image, 'sh', '-c', 'cat /kept; ls -A /scratch 2>/dev/null'),
  ).toBe('kept');
  await engine.ok(cli, 'stop', '-t', '0', id);
  await engine.ok(cli, 'start', id);
  expect(await engine.ok(cli, 'exec', id, 'sh', '-c', 'ls -A /scratch; cat /kept')).toBe('kept');
  expect(await engine.ok(cli, 'exec', id, 'grep', '-c', 'tmpfs /scratch tmpfs', '/proc/mounts')).toBe('1');
  await engine.ok(cli, 'rm', '-f', id);
  await engine.ok(cli, 'rmi', image);
});

each('one directory bound into several containers at once', async (cli, engine) => {
  const shared = hostDirectory(engine);
  mkdirSync(join(shared, 'd'));
  const ids: string[] = [];
  for (const mode of ['', ':rw', ':ro'])
    ids.push(await engine.ok(cli, 'run', '-d', '-v', `${shared}:/shared${mode}`, 'busybox', 'sleep', '60'));
  const [first = '', second = '', reader = ''] = ids;
  await engine.ok(cli, 'exec', first, 'sh', '-c', 'echo one > /shared/d/f');
  expect(await engine.ok(cli, 'exec', second, 'cat', '/shared/d/f')).toBe('one');
  await engine.ok(cli, 'exec', second, 'sh', '-c', 'echo two >> /shared/d/f');
  expect(await engine.ok(cli, 'exec', reader, 'cat', '/shared/d/f')).toBe('one\ntwo');
  expect((await engine.run(cli, ['exec', reader, 'touch', '/shared/x'])).stderr).toContain(
    'Read-only file system',
  );
  expect(await Bun.file(join(shared, 'd/f')).text()).toBe('one\ntwo\n');
  await engine.ok(cli, 'rm', '-f', ...ids);
});
