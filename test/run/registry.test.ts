/** Pull and push against Debian's docker-registry, with skopeo and podman as the other side. */
import { expect } from 'bun:test';
import { join } from 'node:path';
import { sha } from '../images/archives.ts';
import { succeed } from '../rig/command.ts';
import type { Cli, TestEngine } from '../rig/engine.ts';
import { busyboxTar } from '../rig/images.ts';
import { type LocalRegistry, sharedRegistry } from '../rig/registry.ts';
import { suite } from '../rig/suite.ts';

const { each, once } = suite();

const registryOf = sharedRegistry();

const idOf = (cli: Cli, engine: TestEngine, name: string) =>
  engine.ok(cli, 'image', 'inspect', '-f', '{{.Id}}', name);
const digestsOf = async (cli: Cli, engine: TestEngine, name: string): Promise<string[]> =>
  JSON.parse(await engine.ok(cli, 'image', 'inspect', '-f', '{{json .RepoDigests}}', name));

/** busybox with two more layers, as others make images: by skopeo, gzip, Docker's media types. */
async function seed(engine: TestEngine, name: string): Promise<string> {
  const registry = await registryOf(engine);
  const archive = join(engine.directory, 'seed.tar');
  await engine.ok('docker', 'save', '-o', archive, 'busybox');
  await registry.skopeo(
    'copy',
    '-q',
    '--dest-tls-verify=false',
    `docker-archive:${archive}`,
    `docker://${registry.host}/${name}`,
  );
  return `${registry.host}/${name}`;
}

each('push, then pull: the same image, and the digest that the registry has', async (cli, engine) => {
  const registry = await registryOf(engine);
  const name = `${registry.host}/team/app-${cli}:1.0`;
  await engine.ok(cli, 'tag', 'busybox', name);
  const id = await idOf(cli, engine, name);
  const pushed = await engine.ok(cli, 'push', name);
  expect(pushed).toContain(`The push refers to repository [${registry.host}/team/app-${cli}]`);
  const digest = /1\.0: digest: (sha256:[0-9a-f]{64}) size: \d+/.exec(pushed)?.[1] ?? '';
  expect(sha(await registry.manifest(`team/app-${cli}:1.0`))).toBe(digest);
  expect(await digestsOf(cli, engine, name)).toContain(`${registry.host}/team/app-${cli}@${digest}`);
  expect(await engine.ok(cli, 'push', name)).toContain('Layer already exists');
  expect(await engine.ok(cli, 'pull', name)).toContain(`Status: Image is up to date for ${name}`);
  await engine.ok(cli, 'rmi', name);
  const pulled = await engine.ok(cli, 'pull', name);
  expect(pulled).toContain(`Digest: ${digest}`);
  expect(pulled.split('\n').at(-1)).toBe(name);
  expect(await idOf(cli, engine, name)).toBe(id);
  expect(await engine.ok(cli, 'run', '--rm', name, 'echo', 'works')).toBe('works');
  await engine.ok(cli, 'rmi', name);
});

each('what others pushed: by tag, by digest, with the tag as a remark, quietly', async (cli, engine) => {
  const registry = await registryOf(engine);
  const name = await seed(engine, `seeded-${cli}:1`);
  const repository = name.slice(0, name.lastIndexOf(':'));
  const digest = sha(await registry.manifest(`seeded-${cli}:1`));
  const pulled = await engine.ok(cli, 'pull', name);
  expect(pulled).toContain(`1: Pulling from seeded-${cli}`);
  expect(pulled).toContain(`Digest: ${digest}`);
  expect(pulled).toContain(`Status: Downloaded newer image for ${name}`);
  await engine.ok(cli, 'rmi', name);
  expect(await engine.ok(cli, 'pull', '-q', `${repository}@${digest}`)).toBe(`${repository}@${digest}`);
  expect(await engine.ok(cli, 'images', '--digests', '--format', '{{.Tag}} {{.Digest}}', repository)).toBe(
    `<none> ${digest}`,
  );
  expect(await engine.ok(cli, 'run', '--rm', `${repository}@${digest}`, 'echo', 'by digest')).toBe(
    'by digest',
  );
  expect(await engine.ok(cli, 'pull', `${repository}:other@${digest}`)).toContain('Image is up to date');
  await engine.ok(cli, 'rmi', `${repository}@${digest}`);
});

each('run pulls what is missing', async (cli, engine) => {
  const name = await seed(engine, `wanted-${cli}:1`);
  const result = await engine.run(cli, ['run', '--rm', name, 'echo', 'here']);
  expect([result.code, result.stdout.trim()]).toEqual([0, 'here']);
  expect(result.stderr).toContain(`Unable to find image '${name}' locally`);
  expect(result.stderr).toContain('Status: Downloaded newer image');
  await engine.ok(cli, 'rmi', name);
  const never = await engine.run(cli, ['run', '--rm', '--pull', 'never', name, 'true']);
  expect(never.code).toBe(125);
});

each('all tags, in and out', async (cli, engine) => {
  const registry = await registryOf(engine);
  const repository = `${registry.host}/many-${cli}`;
  for (const tag of ['1', '2', 'latest']) await engine.ok(cli, 'tag', 'busybox', `${repository}:${tag}`);
  const pushed = await engine.ok(cli, 'push', '-a', repository);
  for (const tag of ['1', '2', 'latest']) expect(pushed).toContain(`${tag}: digest: sha256:`);
  for (const tag of ['1', '2', 'latest']) await engine.ok(cli, 'rmi', `${repository}:${tag}`);
  const pulled = await engine.ok(cli, 'pull', '-a', repository);
  expect(pulled).toContain(`for ${repository}`);
  const tags = await engine.ok(cli, 'images', '--format', '{{.Tag}}', repository);
  expect(tags.split('\n').sort()).toEqual(['1', '2', 'latest']);
  for (const tag of ['1', '2', 'latest']) await engine.ok(cli, 'rmi', `${repository}:${tag}`);
});

each('what is not there, and what makes no sense', async (cli, engine) => {
  const registry = await registryOf(engine);
  await seed(engine, `known-${cli}:1`);
  const fails = async (args: string[], text: RegExp) => {
    const result = await engine.run(cli, args);
    expect([args.join(' '), result.code]).toEqual([args.join(' '), 1]);
    expect(result.stdout + result.stderr).toMatch(text);
  };
  await fails(
    ['pull', `${registry.host}/known-${cli}:nope`],
    new RegExp(
      `manifest for ${registry.host}/known-${cli}:nope not found: manifest unknown: manifest unknown`,
    ),
  );
  await fails(['pull', `${registry.host}/never-there`], /not found|does not exist/);
  await fails(['pull', `${registry.host}/known-${cli}@sha256:${'0'.repeat(64)}`], /manifest unknown/);
  await fails(['pull', 'localhost:1/nobody'], /connection refused/);
  await fails(['pull', 'team/UPPER'], /invalid reference format/);
  await fails(['pull', '-a', `${registry.host}/known-${cli}:1`], /tag can't be used with --all-tags\/-a/);
  await fails(
    ['push', `${registry.host}/not-here`],
    new RegExp(`An image does not exist locally with the tag: ${registry.host}/not-here`),
  );
  await engine.ok(cli, 'tag', 'busybox', `${registry.host}/half-${cli}:1`);
  await fails(['push', `${registry.host}/half-${cli}:2`], /tag does not exist/);
  await engine.ok(cli, 'rmi', `${registry.host}/half-${cli}:1`);
});

each('an index of platforms', async (cli, engine) => {
  const registry = await registryOf(engine);
  const name = await seed(engine, `multi-${cli}:amd64`);
  const repository = name.slice(0, name.lastIndexOf(':'));
  const arm = await otherPlatform(registry, `multi-${cli}`);
  const amd = sha(await registry.manifest(`multi-${cli}:amd64`));
  const index = await putIndex(registry, `multi-${cli}`, 'both', { amd64: amd, arm64: arm });
  expect(await engine.ok(cli, 'pull', `${repository}:both`)).toContain(`Digest: ${index}`);
  const arch = () => engine.ok(cli, 'image', 'inspect', '-f', '{{.Architecture}}', `${repository}:both`);
  expect(await arch()).toBe('amd64');
  await engine.ok(cli, 'pull', '--platform', 'linux/arm64', `${repository}:both`);
  expect(await arch()).toBe('arm64');
  const none = await engine.run(cli, ['pull', '--platform', 'linux/s390x', `${repository}:both`]);
  expect(none.code).toBe(1);
  expect(none.stderr).toContain('no matching manifest for linux/s390x in the manifest list entries');
  await engine.ok(cli, 'rmi', '-f', `${repository}:both`);
});

/** The same layers with a config for arm64: only its name matters here. */
async function otherPlatform(registry: LocalRegistry, path: string): Promise<string> {
  const manifest = JSON.parse(await registry.manifest(`${path}:amd64`));
  const config = await registry.curl(`/v2/${path}/blobs/${manifest.config.digest}`, '-f');
  const changed = JSON.stringify({ ...JSON.parse(config.stdout), architecture: 'arm64' });
  const upload = await registry.curl(`/v2/${path}/blobs/uploads/`, '-f', '-i', '-X', 'POST', '-d', '');
  const location = new URL(/^location: (\S+)/im.exec(upload.stdout)?.[1] ?? '');
  location.searchParams.set('digest', sha(changed));
  await registry.curl(
    location.pathname + location.search,
    '-f',
    '-X',
    'PUT',
    '-H',
    'Content-Type: application/octet-stream',
    '--data-binary',
    changed,
  );
  const document = {
    ...manifest,
    config: { ...manifest.config, digest: sha(changed), size: changed.length },
  };
  return putManifest(registry, path, 'arm64', manifest.mediaType, JSON.stringify(document));
}

async function putIndex(
  registry: LocalRegistry,
  path: string,
  tag: string,
  platforms: Record<string, string>,
): Promise<string> {
  const mediaType = 'application/vnd.docker.distribution.manifest.list.v2+json';
  const manifests = await Promise.all(
    Object.entries(platforms).map(async ([architecture, digest]) => {
      const bytes = await registry.manifest(`${path}@${digest}`);
      return {
        mediaType: JSON.parse(bytes).mediaType,
        size: bytes.length,
        digest,
        platform: { architecture, os: 'linux' },
      };
    }),
  );
  return putManifest(
    registry,
    path,
    tag,
    mediaType,
    JSON.stringify({ schemaVersion: 2, mediaType, manifests }),
  );
}

async function putManifest(
  registry: LocalRegistry,
  path: string,
  tag: string,
  mediaType: string,
  text: string,
): Promise<string> {
  const args = ['-f', '-X', 'PUT', '-H', `Content-Type: ${mediaType}`, '--data-binary', text];
  const put = await registry.curl(`/v2/${path}/manifests/${tag}`, ...args);
  if (put.code !== 0) throw new Error(put.stderr);
  return sha(text);
}

once(
  'an index that is only partly here: whole where the repository has the rest, else what is here',
  async (engine) => {
    const registry = await registryOf(engine);
    const name = await seed(engine, 'partly:amd64');
    const repository = name.slice(0, name.lastIndexOf(':'));
    const amd = sha(await registry.manifest('partly:amd64'));
    const arm = await otherPlatform(registry, 'partly');
    const index = await putIndex(registry, 'partly', 'both', { amd64: amd, arm64: arm });
    await engine.ok('docker', 'pull', `${repository}:both`);
    await engine.ok('docker', 'tag', `${repository}:both`, `${repository}:again`);
    expect(await engine.ok('docker', 'push', `${repository}:again`)).toContain(`again: digest: ${index}`);
    expect(sha(await registry.manifest('partly:again'))).toBe(index);
    const elsewhere = `${registry.host}/elsewhere:1`;
    await engine.ok('docker', 'tag', `${repository}:both`, elsewhere);
    const pushed = await engine.ok('docker', 'push', elsewhere);
    expect(pushed).toContain('only the available single-platform image was pushed');
    expect(pushed).toContain('Mounted from partly');
    expect(sha(await registry.manifest('elsewhere:1'))).toBe(amd);
    await engine.ok('docker', 'rmi', `${repository}:both`, `${repository}:again`, elsewhere);
  },
  'Docker 20.10 pushes the one platform that it has, always',
);

each(
  'podman pulls what we pushed, we pull what podman pushed, zstd too',
  async (cli, engine) => {
    const registry = await registryOf(engine);
    const name = `${registry.host}/exchange-${cli}:1`;
    await engine.ok(cli, 'tag', 'busybox', name);
    await engine.ok(cli, 'push', name);
    const id = await idOf(cli, engine, name);
    const root = join(engine.directory, `podman-${cli}`);
    const podman = (...args: string[]) =>
      succeed(
        [
          ...engine.network.prefix,
          'podman',
          '--root',
          `${root}/root`,
          '--runroot',
          `${root}/run`,
          '--storage-driver',
          'vfs',
          ...args,
        ],
        { timeout: 120_000 },
      );
    await podman('pull', '-q', '--tls-verify=false', name);
    const theirs = (await podman('image', 'inspect', '-f', '{{.Id}}', name)).trim();
    expect(`sha256:${theirs}`).toBe(id);
    // A layer that no registry has yet: podman would send the known one again as it is.
    const tree = join(engine.directory, `tree-${cli}`);
    await succeed([
      'sh',
      '-ec',
      `mkdir ${tree}; echo ${cli} > ${tree}/own; tar -C ${tree} -cf ${tree}.tar .`,
    ]);
    await podman('import', '-q', `${tree}.tar`, 'fresh');
    for (const format of ['zstd', 'gzip']) {
      const target = `${registry.host}/exchange-${cli}:${format}`;
      // zstd has no place in Docker's own manifests.
      await podman(
        'push',
        '-q',
        '--tls-verify=false',
        '--format',
        'oci',
        '--compression-format',
        format,
        'fresh',
        target,
      );
      await engine.ok(cli, 'pull', target);
      const container = await engine.ok(cli, 'create', target, 'none');
      await engine.ok(cli, 'rm', container);
      await engine.ok(cli, 'rmi', target);
    }
    expect(await registry.manifest(`exchange-${cli}:zstd`)).toContain('tar+zstd');
    await engine.ok(cli, 'rmi', name);
  },
  'Docker 20.10 knows no zstd',
);

once('pull and push are told as events', async (engine) => {
  const name = await seed(engine, 'told:1');
  const since = String(Math.floor(Date.now() / 1000) - 1);
  await engine.ok('docker', 'pull', name);
  await engine.ok('docker', 'push', name);
  const until = String(Math.floor(Date.now() / 1000) + 1);
  const events = await engine.ok(
    'docker',
    'events',
    '--since',
    since,
    '--until',
    until,
    '--filter',
    'type=image',
    '--format',
    '{{.Action}} {{.Actor.ID}} {{.Actor.Attributes.name}}',
  );
  expect(events.split('\n').filter((line) => line.includes('told'))).toEqual([
    `pull ${name} ${name.slice(0, -2)}`,
    `push ${name} ${name.slice(0, -2)}`,
  ]);
  await engine.ok('docker', 'rmi', name);
});

once('/distribution tells what a tag points at, without pulling it', async (engine) => {
  const registry = await registryOf(engine);
  const name = await seed(engine, 'looked-at:1');
  const manifest = await registry.manifest('looked-at:1');
  const response = await engine.api(`/v1.41/distribution/${name}/json`);
  expect(await response.json()).toMatchObject({
    Descriptor: {
      mediaType: 'application/vnd.docker.distribution.manifest.v2+json',
      digest: sha(manifest),
      size: manifest.length,
    },
    Platforms: [{ architecture: 'amd64', os: 'linux' }],
  });
  const missing = await engine.api(`/v1.41/distribution/${registry.host}/looked-at:2/json`);
  expect([missing.status, await missing.text()]).toEqual([404, expect.stringContaining('manifest unknown')]);
  expect((await engine.run('docker', ['image', 'inspect', name])).code).toBe(1);
});

once(
  'an OCI layout with plain layers is pushed as it is',
  async (engine) => {
    const registry = await registryOf(engine);
    const [saved, layout] = ['plain.tar', 'plain'].map((file) => join(engine.directory, file));
    // busybox itself was pushed above, and so is compressed.
    await engine.ok('docker', 'import', busyboxTar, 'plain');
    await engine.ok('docker', 'save', '-o', saved ?? '', 'plain');
    await engine.ok('docker', 'rmi', 'plain');
    await succeed([
      'sh',
      '-ec',
      `mkdir ${layout}; tar -C ${layout} -xf ${saved}; rm ${layout}/manifest.json`,
    ]);
    const index = JSON.parse(await Bun.file(join(layout ?? '', 'index.json')).text());
    const name = `${registry.host}/plain:1`;
    index.manifests[0].annotations = { 'io.containerd.image.name': name };
    await Bun.write(join(layout ?? '', 'index.json'), JSON.stringify(index));
    await succeed(['tar', '-C', layout ?? '', '-cf', saved ?? '', '.']);
    expect(await engine.ok('docker', 'load', '-i', saved ?? '')).toBe(`Loaded image: ${name}`);
    expect(await engine.ok('docker', 'push', name)).toContain(`1: digest: ${index.manifests[0].digest}`);
    expect(await registry.manifest('plain:1')).not.toContain('gzip');
    await engine.ok('docker', 'rmi', name);
    await engine.ok('docker', 'pull', name);
    expect(await engine.ok('docker', 'run', '--rm', name, 'echo', 'plain')).toBe('plain');
    await engine.ok('docker', 'rmi', name);
  },
  'Docker 20.10 loads docker archives only',
);
