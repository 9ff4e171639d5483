/** An image on a journey through programs that others wrote: every id and digest is the same at each stop. */
import { expect } from 'bun:test';
import { join } from 'node:path';
import { sha } from '../images/archives.ts';
import { succeed } from '../rig/command.ts';
import { type Cli, isGantry, type TestEngine } from '../rig/engine.ts';
import { sharedRegistry } from '../rig/registry.ts';
import { suite } from '../rig/suite.ts';

const { each } = suite();

const registryOf = sharedRegistry();

/** An image of three layers with whiteouts and odd files, built up by podman: gzip layers, Docker's manifest or OCI's. */
async function layered(engine: TestEngine, name: string, format = 'v2s2'): Promise<void> {
  const podman = podmanOf(engine);
  const registry = await registryOf(engine);
  const context = join(engine.directory, 'context');
  await succeed([
    'sh',
    '-ec',
    `mkdir -p ${context}; cd ${context}; [ -e Dockerfile ] && exit; mkdir tree; for i in $(seq 200); do echo $i > tree/$i; done
     ln tree/1 tree/hard; ln -s 2 tree/soft; setfattr -n user.note -v yes tree/3; touch -d 1999-12-31 tree/4
     tar -cf tree.tar tree; printf 'FROM scratch\\nADD tree.tar /\\nADD busybox.tar /\\nRUN rm -r /tree/1 /tree/2 && mkdir /tree/2 && chmod 700 /tree/5\\n' > Dockerfile
     cp /var/cache/gantry-test/busybox.tar .`,
  ]);
  await podman(
    'build',
    '-q',
    '--layers',
    '--format',
    format === 'oci' ? 'oci' : 'docker',
    '--isolation',
    'chroot',
    '-t',
    'layered',
    context,
  );
  await podman('push', '-q', '--tls-verify=false', '--format', format, 'layered', `${registry.host}/${name}`);
}

const podmanOf =
  (engine: TestEngine) =>
  (...args: string[]) =>
    succeed(
      [
        ...engine.network.prefix,
        'podman',
        '--root',
        join(engine.directory, 'podman/root'),
        '--runroot',
        join(engine.directory, 'podman/run'),
        '--storage-driver',
        'vfs',
        ...args,
      ],
      { timeout: 120_000 },
    );

const idOf = (cli: Cli, engine: TestEngine, name: string) =>
  engine.ok(cli, 'image', 'inspect', '-f', '{{.Id}} {{json .RootFS.Layers}}', name);

each(
  'registry, pull, push, registry: one digest',
  async (cli, engine) => {
    const registry = await registryOf(engine);
    await layered(engine, `start-${cli}:1`);
    const digest = sha(await registry.manifest(`start-${cli}:1`));
    const name = `${registry.host}/start-${cli}:1`;
    expect(await engine.ok(cli, 'pull', name)).toContain(`Digest: ${digest}`);
    const next = `${registry.host}/next-${cli}:1`;
    await engine.ok(cli, 'tag', name, next);
    expect(await engine.ok(cli, 'push', next)).toContain(`1: digest: ${digest}`);
    expect(sha(await registry.manifest(`next-${cli}:1`))).toBe(digest);
    await engine.ok(cli, 'rmi', name, next);
  },
  'Docker 20.10 writes the manifest anew at every push',
);

each('pull, save, OCI layout, load: one digest, one id', async (cli, engine) => {
  const registry = await registryOf(engine);
  // skopeo finds nothing but OCI's own types in an OCI layout.
  await layered(engine, `saved-${cli}:1`, isGantry ? 'oci' : 'v2s2');
  const digest = sha(await registry.manifest(`saved-${cli}:1`));
  const name = `${registry.host}/saved-${cli}:1`;
  await engine.ok(cli, 'pull', name);
  const id = await idOf(cli, engine, name);
  const archive = join(engine.directory, `journey-${cli}.tar`);
  await engine.ok(cli, 'save', '-o', archive, name);
  await engine.ok(cli, 'rmi', name);
  if (isGantry) {
    const layout = join(engine.directory, `layout-${cli}`);
    await succeed(['sh', '-ec', `mkdir ${layout}; tar -C ${layout} -xf ${archive}`]);
    expect(sha(await registry.skopeo('inspect', '--raw', `oci:${layout}:1`))).toBe(digest);
    // As it is to the registry, under another name.
    await registry.skopeo(
      'copy',
      '-q',
      '--preserve-digests',
      '--dest-tls-verify=false',
      `oci:${layout}:1`,
      `docker://${registry.host}/layout-${cli}:1`,
    );
    expect(sha(await registry.manifest(`layout-${cli}:1`))).toBe(digest);
  }
  expect(await engine.ok(cli, 'load', '-i', archive)).toContain(`Loaded image: ${name}`);
  expect(await idOf(cli, engine, name)).toBe(id);
  if (isGantry) {
    await engine.ok(cli, 'tag', name, `${registry.host}/loaded-${cli}:1`);
    expect(await engine.ok(cli, 'push', `${registry.host}/loaded-${cli}:1`)).toContain(
      `1: digest: ${digest}`,
    );
    await engine.ok(cli, 'rmi', `${registry.host}/loaded-${cli}:1`);
  }
  await engine.ok(cli, 'rmi', name);
});

each('skopeo takes it out of the daemon and puts it back', async (cli, engine) => {
  const registry = await registryOf(engine);
  await layered(engine, `daemon-${cli}:1`);
  const name = `${registry.host}/daemon-${cli}:1`;
  await engine.ok(cli, 'pull', name);
  const id = await idOf(cli, engine, name);
  const from = ['--src-daemon-host', engine.host, `docker-daemon:${name}`];
  const to = ['--dest-daemon-host', engine.host];
  await registry.skopeo(
    'copy',
    '-q',
    '--dest-tls-verify=false',
    ...from,
    `docker://${registry.host}/out-${cli}:1`,
  );
  const oci = `oci-archive:${join(engine.directory, `out-${cli}.tar`)}:out:1`;
  await registry.skopeo('copy', '-q', ...from, oci);
  await engine.ok(cli, 'rmi', name);
  await registry.skopeo(
    'copy',
    '-q',
    '--src-tls-verify=false',
    `docker://${registry.host}/out-${cli}:1`,
    ...to,
    `docker-daemon:back-${cli}:1`,
  );
  expect(await idOf(cli, engine, `back-${cli}:1`)).toBe(id);
  await engine.ok(cli, 'rmi', `back-${cli}:1`);
  await engine.ok(cli, 'pull', `${registry.host}/out-${cli}:1`);
  expect(await idOf(cli, engine, `${registry.host}/out-${cli}:1`)).toBe(id);
  await engine.ok(cli, 'rmi', `${registry.host}/out-${cli}:1`);
});

each('save | podman load, podman save | load', async (cli, engine) => {
  const registry = await registryOf(engine);
  const podman = podmanOf(engine);
  await layered(engine, `pod-${cli}:1`);
  const name = `${registry.host}/pod-${cli}:1`;
  await engine.ok(cli, 'pull', name);
  const id = await idOf(cli, engine, name);
  const [out, back] = [1, 2].map((n) => join(engine.directory, `pod-${cli}-${n}.tar`)) as [string, string];
  await engine.ok(cli, 'save', '-o', out, name);
  await engine.ok(cli, 'rmi', name);
  await podman('load', '-q', '-i', out);
  expect(`sha256:${(await podman('image', 'inspect', '-f', '{{.Id}}', name)).trim()}`).toBe(
    id.split(' ')[0] ?? '',
  );
  await podman('save', '-q', '-o', back, name);
  await podman('rmi', '-f', name);
  await engine.ok(cli, 'load', '-i', back);
  expect(await idOf(cli, engine, name)).toBe(id);
  const shown = await engine.ok(
    cli,
    'run',
    '--rm',
    name,
    'sh',
    '-c',
    'cd /tree; cat hard 3; stat -c "%a %F" 2 5; ls | wc -l',
  );
  expect(shown).toBe('1\n3\n755 directory\n700 regular file\n201');
  await engine.ok(cli, 'rmi', name);
});
