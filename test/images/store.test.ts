/** Load, save, import, remove and prune against the tools that others use. */
import { describe, expect, test } from 'bun:test';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { importHello } from '../../src/images/hello.ts';
import { inRoot } from '../rig/root.ts';
import { configOf, oldDockerArchive, sha } from './archives.ts';
import { bzip2, xz } from './compress.ts';
import { pax, type RawMember, rawTar } from './raw-tar.ts';
import { openStore, operation, run, type TestStore } from './rig.ts';

function streamOf(bytes: Uint8Array): ReadableStream<Uint8Array> {
  return new Blob([new Uint8Array(bytes)]).stream();
}

const layerA = rawTar(
  { name: './', type: '5', mode: 0o755 },
  { name: 'a', data: 'one' },
  { name: 'both', data: 'lower' },
);
const layerB = rawTar({ name: 'b', data: 'two' }, { name: '.wh.both', data: '' });

async function load(t: TestStore, archive: Uint8Array, platform = ''): Promise<string> {
  const op = operation();
  await t.store.load(streamOf(archive), { quiet: true, platform }, op);
  return op.text();
}

async function save(t: TestStore, refs: string[], platform = ''): Promise<Buffer> {
  return Buffer.from(await new Response(await t.store.save(refs, { platform }, operation())).arrayBuffer());
}

async function tree(t: TestStore, ref: string): Promise<string> {
  const { chainIds } = await t.store.get(ref);
  const mount = t.snapshotter.mounts(chainIds.at(-1) ?? '');
  return inRoot(mount, 'ls');
}

function expectNothingLeft(t: TestStore): void {
  expect(t.content.digests()).toEqual([]);
  expect(t.layerDirectories()).toEqual([]);
}

for (const driver of ['overlay2', 'vfs'])
  describe(`load with ${driver}`, () => {
    test('an old docker-archive with two images, a shared layer as link, and whiteouts', async () => {
      using t = await openStore(driver);
      const archive = oldDockerArchive(
        { layers: [layerA, layerB], tags: ['x:1', 'x:2'] },
        { layers: [layerA], tags: [], config: { Cmd: ['b'] } },
      );
      const untagged = sha(configOf({ layers: [layerA], tags: [], config: { Cmd: ['b'] } }));
      expect(await load(t, archive)).toBe(
        `Loaded image: x:1\nLoaded image: x:2\nLoaded image ID: ${untagged}\n`,
      );
      expect(await tree(t, 'x:1')).toBe('a\nb\n');
      expect(await tree(t, untagged)).toBe('a\nboth\n');
      const image = await t.store.get('x:2');
      expect(image.id).toBe(sha(configOf({ layers: [layerA, layerB], tags: [] })) as never);
      expect(image.size).toBe(3 + 5 + 3);
      expect(image.tags).toEqual(['x:1', 'x:2']);
      expect(t.events.map((event) => event.action)).toEqual(['load', 'load']);
      expect((await t.store.history('x:1')).map((entry) => [entry.createdBy, entry.size])).toEqual([
        ['step 1', 3],
        ['step 0', 8],
      ]);
    });
  });

describe('compression', () => {
  const methods: Record<string, (bytes: Buffer<ArrayBuffer>) => Uint8Array | Promise<Uint8Array>> = {
    gzip: (bytes) => Bun.gzipSync(bytes),
    'gzip of several members': (bytes) =>
      Buffer.concat([Bun.gzipSync(bytes.subarray(0, 700)), Bun.gzipSync(bytes.subarray(700))]),
    zstd: (bytes) => Bun.zstdCompressSync(bytes),
    bzip2,
    xz,
  };
  for (const [name, compress] of Object.entries(methods)) {
    test(`an archive as ${name}`, async () => {
      using t = await openStore();
      expect(await load(t, await compress(oldDockerArchive({ layers: [layerA, layerB], tags: ['x'] })))).toBe(
        'Loaded image: x:latest\n',
      );
    });
    test(`layers as ${name}`, async () => {
      using t = await openStore();
      const packed = new Map(
        [layerA, layerB].map((layer) => [layer, layer] as [Buffer<ArrayBuffer>, Uint8Array]),
      );
      for (const layer of packed.keys()) packed.set(layer, await compress(layer));
      await load(
        t,
        oldDockerArchive({
          layers: [layerA, layerB],
          tags: ['x'],
          compress: (layer) => packed.get(layer) ?? layer,
        }),
      );
      expect(await tree(t, 'x')).toBe('a\nb\n');
    });
    test(`import of ${name}`, async () => {
      using t = await openStore();
      const options = { name: 'imported:1', message: 'hi', changes: ['ENV a=b'], platform: '' };
      const op = operation();
      const id = await t.store.import(streamOf(await compress(layerA)), options, op);
      expect(op.steps).toEqual([]);
      expect(id).toBe((await t.store.get('imported:1')).id);
      const image = await t.store.get('imported:1');
      expect(image.config.config?.Env).toEqual(['a=b']);
      expect(image.config.rootfs.diff_ids).toEqual([sha(layerA)]);
      expect((await t.store.history('imported:1'))[0]?.comment).toBe('hi');
    });
  }
});

describe('archives that are wrong leave nothing', () => {
  const good = { layers: [layerA, layerB], tags: ['x'] };
  const cases: [string, Uint8Array<ArrayBuffer>, RegExp][] = [
    ['empty', Buffer.alloc(0), /does not contain a manifest.json/],
    ['no manifest', rawTar({ name: 'x', data: 'y' }), /does not contain a manifest.json/],
    ['garbage', Buffer.alloc(100_000, 'garbage'), /archive\/tar: invalid tar header/],
    ['truncated', oldDockerArchive(good).subarray(0, 3000), /unexpected EOF/],
    ['truncated gzip', Bun.gzipSync(oldDockerArchive(good)).subarray(0, 200), /unexpected EOF/],
    [
      'a truncated layer',
      oldDockerArchive({ ...good, compress: (layer) => Bun.gzipSync(layer).subarray(0, 60) }),
      /unexpected EOF/,
    ],
    [
      'a layer that is not the one promised',
      oldDockerArchive({ ...good, compress: () => Bun.gzipSync(rawTar({ name: 'evil', data: '' })) }),
      /invalid diffID for layer 0: expected/,
    ],
    [
      'a plain layer that is not the one promised',
      oldDockerArchive({ ...good, compress: () => rawTar({ name: 'evil', data: '' }) }),
      /invalid diffID for layer 0: expected/,
    ],
    [
      'a layer that climbs out',
      oldDockerArchive({ layers: [rawTar({ name: '../../x', data: '' })], tags: ['x'] }),
      /outside of the root/,
    ],
    [
      'a config outside of the archive',
      rawTar({ name: 'manifest.json', data: '[{"Config":"../../../etc/passwd","Layers":[]}]' }),
      /it has no file/,
    ],
    [
      'a link outside of the archive',
      rawTar(
        { name: 'c', type: '2', link: '/etc/passwd' },
        { name: 'manifest.json', data: '[{"Config":"c","Layers":[]}]' },
      ),
      /it has no file/,
    ],
    [
      'links in a circle',
      rawTar(
        { name: 'c', type: '2', link: 'c' },
        { name: 'manifest.json', data: '[{"Config":"c","Layers":[]}]' },
      ),
      /it has no file/,
    ],
    ['a huge manifest', rawTar({ name: 'manifest.json', data: Buffer.alloc(5 << 20, ' ') }), /too large/],
    [
      'a huge pax header',
      rawTar({ name: 'x', type: 'x', size: 2 ** 31 }, { name: 'y' }),
      /invalid tar header/,
    ],
    [
      'a wrong number of layers',
      rawTar(
        { name: 'c', data: configOf(good) },
        { name: 'manifest.json', data: '[{"Config":"c","Layers":[]}]' },
      ),
      /layer length mismatch: expected 2, got 0/,
    ],
    ['a digest that is a path', oci({ digest: 'sha256:../../x' }), /invalid digest/],
    ['an index that is a manifest', oci({}, { layers: [] }), /it has "layers" as well/],
    ['a bad tag', oldDockerArchive({ ...good, tags: ['UPPER'] }), /must be lowercase/],
  ];
  for (const [what, archive, message] of cases)
    test(what, async () => {
      using t = await openStore();
      await expect(load(t, archive)).rejects.toThrow(message);
      expect(await t.store.list()).toEqual([]);
      expectNothingLeft(t);
    });

  test('a cancelled load', async () => {
    using t = await openStore();
    const abort = new AbortController();
    const endless = new ReadableStream<Uint8Array>({
      pull: (controller) => {
        controller.enqueue(
          pulls++ === 0 ? rawTar({ name: 'x', size: 2 ** 32 }).subarray(0, 512) : Buffer.alloc(1 << 20),
        );
        if (pulls === 5) abort.abort();
      },
    });
    let pulls = 0;
    await expect(
      t.store.load(endless, { quiet: true, platform: '' }, { ...operation(), signal: abort.signal }),
    ).rejects.toThrow(/abort/i);
    expectNothingLeft(t);
  });

  test('what a killed engine was loading goes at the next start', async () => {
    using t = await openStore();
    await load(t, oldDockerArchive(good));
    await t.content.writeBytes(Buffer.from('half an image'));
    await t.snapshotter.unpack(`sha256:${'5'.repeat(64)}`, null, async () => ({ implied: [] }));
    const again = await t.reopen();
    await again.store.prune(new Map());
    await again.store.load(streamOf(oldDockerArchive(good)), { quiet: true, platform: '' }, operation());
    expect(again.layerDirectories().length).toBe(2);
    expect(again.content.digests().length).toBe(4);
  });
});

function oci(descriptor: object, extra: object = {}): Buffer<ArrayBuffer> {
  const full = {
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    digest: sha(Buffer.from('')),
    size: 0,
    ...descriptor,
  };
  return rawTar(
    { name: 'oci-layout', data: '{"imageLayoutVersion":"1.0.0"}' },
    { name: 'index.json', data: JSON.stringify({ schemaVersion: 2, manifests: [full], ...extra }) },
  );
}

describe('save', () => {
  test('is deterministic, loads again to the same id, and skopeo reads both of its faces', async () => {
    using t = await openStore();
    await load(
      t,
      oldDockerArchive({
        layers: [layerA, layerB],
        tags: ['x:1', 'example.com/y/z:2'],
        config: { Cmd: ['sh'] },
      }),
    );
    const saved = await save(t, ['x:1', 'example.com/y/z:2']);
    expect(Buffer.compare(saved, await save(t, ['x:1', 'example.com/y/z:2']))).toBe(0);
    const { id } = await t.store.get('x:1');
    const file = join(t.directory, 'saved.tar');
    writeFileSync(file, saved);
    const inspect = async (transport: string) =>
      sha(Buffer.from(await run(['skopeo', 'inspect', '--config', '--raw', transport])));
    expect(await inspect(`docker-archive:${file}:x:1`)).toBe(id);
    const layout = join(t.directory, 'layout');
    mkdirSync(layout);
    await run(['tar', '-C', layout, '-xf', file]);
    expect(await inspect(`oci:${layout}:1`)).toBe(id);
    await t.store.remove('x:1', { force: false, noPrune: false });
    await t.store.remove('example.com/y/z:2', { force: false, noPrune: false });
    expectNothingLeft(t);
    expect((await load(t, saved)).split('\n').sort()).toEqual([
      '',
      'Loaded image: example.com/y/z:2',
      'Loaded image: x:1',
    ]);
    expect((await t.store.get('x:1')).id).toBe(id);
  });

  test('what skopeo makes of it loads again', async () => {
    using t = await openStore();
    await load(t, oldDockerArchive({ layers: [layerA, layerB], tags: ['x:1'] }));
    const { id } = await t.store.get('x:1');
    const file = join(t.directory, 'saved.tar');
    writeFileSync(file, await save(t, ['x:1']));
    for (const target of ['docker-archive', 'oci-archive']) {
      const copy = join(t.directory, `${target}.tar`);
      await run(['skopeo', 'copy', '--quiet', `docker-archive:${file}:x:1`, `${target}:${copy}:copy:9`]);
      using other = await openStore();
      expect(await load(other, Buffer.from(await Bun.file(copy).arrayBuffer()))).toBe(
        'Loaded image: copy:9\n',
      );
      const image = await other.store.get('copy:9');
      // The conversion to OCI may rewrite the config; the root file system is the same.
      expect(image.config.rootfs.diff_ids).toEqual([sha(layerA), sha(layerB)]);
      if (target === 'docker-archive') expect(image.id).toBe(id);
    }
  });

  test('a bare repository saves all its tags, an id none', async () => {
    using t = await openStore();
    await load(t, oldDockerArchive({ layers: [layerA], tags: ['x:1', 'x:2'] }));
    const { id } = await t.store.get('x:1');
    using other = await openStore();
    expect(await load(other, await save(t, ['x']))).toBe('Loaded image: x:1\nLoaded image: x:2\n');
    using third = await openStore();
    expect(await load(third, await save(t, [id.slice(7, 19)]))).toBe(`Loaded image ID: ${id}\n`);
    await expect(save(t, ['nope:1'])).rejects.toThrow('No such image: nope:1');
    await expect(save(t, ['x:1'], 'linux/arm64')).rejects.toThrow('does not provide the specified platform');
  });
});

describe('OCI layouts', () => {
  test('an index of several platforms: the right one is chosen, and the index survives', async () => {
    using t = await openStore();
    const blobs: RawMember[] = [];
    const put = (bytes: Buffer, mediaType: string, extra: object = {}) => {
      blobs.push({ name: `blobs/${sha(bytes).replace(':', '/')}`, data: bytes });
      return { mediaType, digest: sha(bytes), size: bytes.length, ...extra };
    };
    const manifest = (architecture: string, layer: Buffer) => {
      const config = Buffer.from(
        JSON.stringify({ architecture, os: 'linux', rootfs: { type: 'layers', diff_ids: [sha(layer)] } }),
      );
      const document = {
        schemaVersion: 2,
        mediaType: 'application/vnd.oci.image.manifest.v1+json',
        config: put(config, 'application/vnd.oci.image.config.v1+json'),
        layers: [put(layer, 'application/vnd.oci.image.layer.v1.tar')],
      };
      return put(Buffer.from(JSON.stringify(document)), document.mediaType, {
        platform: { os: 'linux', architecture },
      });
    };
    const index = Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: 'application/vnd.oci.image.index.v1+json',
        manifests: [manifest('arm64', layerB), manifest('amd64', layerA)],
      }),
    );
    const top = put(index, 'application/vnd.oci.image.index.v1+json', {
      annotations: { 'io.containerd.image.name': 'docker.io/library/multi:1' },
    });
    const archive = rawTar(
      ...blobs,
      { name: 'oci-layout', data: '{"imageLayoutVersion":"1.0.0"}' },
      { name: 'index.json', data: JSON.stringify({ schemaVersion: 2, manifests: [top] }) },
    );
    expect(await load(t, archive)).toBe('Loaded image: multi:1\n');
    const image = await t.store.get('multi:1');
    expect([image.config.architecture, image.target]).toEqual(['amd64', sha(index) as never]);
    using other = await openStore();
    await load(other, await save(t, ['multi:1']), 'linux/arm64');
    expect((await other.store.get('multi:1')).config.architecture).toBe('arm64');
    using third = await openStore();
    await expect(load(third, archive, 'linux/s390x')).rejects.toThrow(
      'no complete manifest for the platform linux/s390x',
    );
  });
});

describe('names and removal', () => {
  const sample = oldDockerArchive({ layers: [layerA], tags: ['x:1'] });

  test('by name, id, prefix; missing and ambiguous', async () => {
    using t = await openStore();
    await load(t, sample);
    const { id } = await t.store.get('x:1');
    for (const ref of [id, id.slice(7), id.slice(7, 19), id.slice(0, 20), 'docker.io/library/x:1'])
      expect((await t.store.get(ref)).id).toBe(id);
    await expect(t.store.get('x')).rejects.toThrow('No such image: x:latest');
    await expect(t.store.get('FOO')).rejects.toThrow(
      'invalid reference format: repository name (library/FOO) must be lowercase',
    );
    await expect(t.store.get(`sha256:${'0'.repeat(64)}`)).rejects.toThrow(
      `No such image: sha256:${'0'.repeat(64)}`,
    );
    const ids = [id];
    for (let n = 0; !ids.slice(0, -1).some((other) => other[7] === ids.at(-1)?.[7]); n++) {
      const op = operation();
      ids.push(
        await t.store.import(
          streamOf(layerA),
          { name: '', message: String(n), changes: [], platform: '' },
          op,
        ),
      );
    }
    await expect(t.store.get(ids.at(-1)?.[7] ?? '')).rejects.toThrow(
      'Multiple IDs found with provided prefix',
    );
  });

  test('tag, untag, delete', async () => {
    using t = await openStore();
    await load(t, sample);
    const image = await t.store.get('x:1');
    await t.store.tag('x:1', 'localhost:5000/y');
    await expect(t.store.tag('x:1', `y@${image.id}`)).rejects.toThrow(
      'refusing to create a tag with a digest reference',
    );
    expect((await t.store.get('x:1')).tags).toEqual(['x:1', 'localhost:5000/y:latest']);
    await expect(t.store.remove(image.id, { force: false, noPrune: false })).rejects.toThrow(
      `conflict: unable to delete ${image.id.slice(7, 19)} (must be forced) - image is referenced in multiple repositories`,
    );
    expect(await t.store.remove('x:1', { force: false, noPrune: false })).toEqual({
      untagged: ['x:1'],
      deleted: [],
    });
    expect(await t.store.remove(image.id, { force: false, noPrune: false })).toEqual({
      untagged: ['localhost:5000/y:latest'],
      deleted: [image.id, ...image.chainIds],
    });
    expectNothingLeft(t);
    expect(t.events.map((event) => event.action)).toEqual(['load', 'tag', 'untag', 'untag', 'delete']);
  });

  test('images in use', async () => {
    using t = await openStore();
    await load(t, sample);
    const image = await t.store.get('x:1');
    const short = image.id.slice(7, 19);
    const container = { id: 'c'.repeat(64), name: 'web', running: false };
    t.users.set(image.id, [container]);
    await t.snapshotter.prepare(container.id, image.chainIds[0] ?? null);
    const remove = (ref: string, force = false) => t.store.remove(ref, { force, noPrune: false });
    await expect(remove('x:1')).rejects.toThrow(
      `conflict: unable to remove repository reference "x:1" (must force) - container cccccccccccc is using its referenced image ${short}`,
    );
    await expect(remove(short)).rejects.toThrow(
      `conflict: unable to delete ${short} (must be forced) - image is being used by stopped container cccccccccccc`,
    );
    t.users.set(image.id, [{ ...container, running: true }]);
    await expect(remove(short, true)).rejects.toThrow(
      `conflict: unable to delete ${short} (cannot be forced) - image is being used by running container cccccccccccc`,
    );
    expect(await remove('x:1', true)).toEqual({ untagged: ['x:1'], deleted: [] });
    t.users.set(image.id, [container]);
    await remove(short, true);
    // The stopped container still stands on the layer; it goes after the container.
    expect(t.layerDirectories().length).toBe(2);
    t.users.clear();
    await t.snapshotter.remove(container.id);
    await t.store.prune(new Map());
    await load(t, sample);
    await remove('x:1');
    expectNothingLeft(t);
  });

  test('a name that moves leaves the old image dangling, and prune takes it', async () => {
    using t = await openStore();
    await load(t, sample);
    const old = await t.store.get('x:1');
    const text = await load(t, oldDockerArchive({ layers: [layerA, layerB], tags: ['x:1'] }));
    expect(text).toBe(
      `The image x:1 already exists, renaming the old one with ID ${old.id} to empty string\nLoaded image: x:1\n`,
    );
    expect((await t.store.get(old.id)).tags).toEqual([]);
    expect((await t.store.prune(new Map([['until', ['2020-01-01']]]))).deleted).toEqual([]);
    expect((await t.store.prune(new Map([['label', ['a']]]))).deleted).toEqual([]);
    expect(await t.store.prune(new Map())).toEqual({ untagged: [], deleted: [old.id], space: 0 });
    const rest = await t.store.prune(new Map([['dangling', ['false']]]));
    expect(rest.untagged).toEqual(['x:1']);
    expect(rest.space).toBe(11);
    expectNothingLeft(t);
  });
});

test('130 layers', async () => {
  using t = await openStore();
  const layers = Array.from({ length: 130 }, (_, n) =>
    rawTar({ name: `f${n}`, data: '' }, { name: 'top', data: String(n) }),
  );
  await load(t, oldDockerArchive({ layers, tags: ['many'] }));
  expect((await tree(t, 'many')).split('\n').length).toBe(132);
}, 60_000);

test('a pax name in an image archive', async () => {
  using t = await openStore();
  const config = configOf({ layers: [layerA], tags: [] });
  const long = `${'d/'.repeat(80)}config.json`;
  await load(
    t,
    rawTar(
      pax(['path', long]),
      { name: 'short', data: config },
      { name: 'l', data: layerA },
      {
        name: 'manifest.json',
        data: JSON.stringify([{ Config: `./${long}`, RepoTags: ['x'], Layers: ['l'] }]),
      },
    ),
  );
  expect(await tree(t, 'x')).toBe('a\nboth\n');
});

test('gantry/hello is made once and says hello', async () => {
  const program = new URL('../../build/gantry-hello', import.meta.url).pathname;
  expect(existsSync(program)).toBe(true);
  using t = await openStore();
  const id = await importHello(t.store, program, operation());
  expect(await importHello(t.store, program, operation())).toBe(id);
  const image = await t.store.get('gantry/hello');
  expect(image.config.config?.Entrypoint).toEqual(['/hello']);
  const mount = t.snapshotter.mounts(image.chainIds[0] ?? '');
  if (mount.kind !== 'bind') throw new Error('one layer is a bind');
  expect(readdirSync(mount.source)).toEqual(['hello']);
  expect(await run([join(mount.source, 'hello')])).toContain('Hello from a container!');
  using other = await openStore('vfs');
  expect(await importHello(other.store, program, operation())).toBe(id);
});
