/** Archives that mean harm, through `docker load`: each is refused or confined, and nothing of it stays. */
import { afterAll, beforeAll, expect } from 'bun:test';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { mediaTypes } from '../../src/oci/image-parse.ts';
import { configOf, descriptorOf, json, ociLayout, oldDockerArchive, sha } from '../images/archives.ts';
import { dir, file, gone, link, symlink } from '../images/members.ts';
import { pax, type RawMember, rawTar } from '../images/raw-tar.ts';
import { isGantry, type TestEngine } from '../rig/engine.ts';
import { busyboxTar } from '../rig/images.ts';
import { suite } from '../rig/suite.ts';

const { once } = suite();
const canary = mkdtempSync('/tmp/gantry-canary-');
const up = '../'.repeat(12);

beforeAll(() => {
  writeFileSync(join(canary, 'file'), 'untouched');
});
afterAll(() => {
  const found = readdirSync(canary).map((name) => [name, readFileSync(join(canary, name), 'utf8')]);
  rmSync(canary, { recursive: true });
  expect(found).toEqual([['file', 'untouched']]);
});

/** What an engine keeps of images, and what it is still writing. */
const stored = ({ dataRoot }: TestEngine) =>
  ['content/blobs/sha256', 'content/ingest', 'snapshots/overlay2'].flatMap((path) =>
    readdirSync(join(dataRoot, path)).map((name) => join(path, name)),
  );

async function load(engine: TestEngine, archive: Uint8Array) {
  const path = join(engine.directory, 'hostile.tar');
  writeFileSync(path, archive);
  return engine.run('docker', ['load', '-q', '-i', path]);
}

function refused(what: string, archive: () => Uint8Array, message: RegExp, differs?: string): void {
  once(
    `${what} is refused`,
    async (engine) => {
      const before = isGantry ? stored(engine) : [];
      const { code, stderr } = await load(engine, archive());
      expect(code).toBe(1);
      if (!isGantry) return;
      expect(stderr).toMatch(message);
      // Less is no harm: busybox's plain layer becomes a thin one meanwhile.
      expect(stored(engine).filter((path) => !before.includes(path))).toEqual([]);
    },
    differs,
  );
}

// ---- layers ----

const layer = (...members: RawMember[]) =>
  oldDockerArchive({ layers: [rawTar(...members)], tags: ['evil:1'] });
const good = rawTar(dir('d'), file('d/a', 'a'));
const packed = (compress: (bytes: Buffer<ArrayBuffer>) => Uint8Array) =>
  oldDockerArchive({ layers: [good], tags: ['evil:1'], compress });

refused(
  'a layer that climbs out',
  () => layer(file(`${up}${canary.slice(1)}/x`)),
  /outside of the root/,
  'Docker 20.10 takes it as a name inside',
);
refused(
  'a layer that climbs out by a pax name',
  () => layer(pax(['path', `a/${up}tmp/x`]), file('x')),
  /outside of the root/,
  'Docker 20.10 takes it as a name inside',
);
refused(
  'a hard link to a file of the host',
  () => layer(link('x', `${canary}/file`)),
  /create \/x: No such file/,
);
refused(
  'a hard link through a symbolic link',
  () => layer(symlink('l', canary), link('x', 'l/file')),
  /create \/x: No such file/,
);
refused(
  'a file below a symbolic link to the host',
  () => layer(symlink('l', canary), file('l/x')),
  /l: (No such file|File exists|Not a dir)/,
);
refused(
  'a chain of symbolic links to the host',
  () => layer(symlink('a', '/'), symlink('b', `a${canary}`), file('b/x')),
  /b: (No such file|File exists|Not a dir)/,
);
refused(
  'a whiteout below a symbolic link to the host',
  () => layer(symlink('l', canary), gone('l/file')),
  /l: /,
);
refused(
  'a truncated gzip layer',
  () => packed((bytes) => Bun.gzipSync(bytes).subarray(0, 60)),
  /unexpected EOF/,
);
refused(
  'a truncated zstd layer',
  () => packed((bytes) => Bun.zstdCompressSync(bytes).subarray(0, 40)),
  /unexpected EOF|damaged/,
  'Docker 20.10 knows no zstd',
);
refused('a truncated plain layer', () => layerOf(good.subarray(0, 700)), /unexpected EOF/);
refused(
  'a layer with another content',
  () => packed(() => Bun.gzipSync(rawTar(file('evil')))),
  /invalid diffID for layer 0/,
);

/** The layer's bytes as they are, right DiffID. */
function layerOf(bytes: Buffer<ArrayBuffer>): Buffer {
  return oldDockerArchive({ layers: [bytes], tags: ['evil:1'] });
}

once('absolute names, symbolic links to the host and devices stay inside', async (engine) => {
  const box = readFileSync(busyboxTar) as Buffer<ArrayBuffer>;
  const evil = rawTar(
    file(`${canary}/x`, 'inside'),
    symlink('out', `${canary}/file`),
    { name: 'zero', type: '3', major: 1, minor: 5, mode: 0o666 },
    { name: 'disk', type: '4', major: 259, minor: 0, mode: 0o666 },
  );
  const archive = oldDockerArchive({ layers: [box, evil], tags: ['evil:1'] });
  expect((await load(engine, archive)).code).toBe(0);
  const run = (...args: string[]) =>
    engine.run('docker', ['run', '--rm', '--network', 'none', 'evil:1', ...args]);
  expect((await run('cat', `${canary}/x`)).stdout).toBe('inside');
  expect((await run('cat', '/out')).stderr).toContain('No such file');
  expect((await run('head', '-c1', '/disk')).stderr).toContain('Operation not permitted');
  await engine.ok('docker', 'rmi', 'evil:1');
});

// ---- documents ----

const config = configOf({ layers: [good], tags: [] });
const ociLayer = descriptorOf(mediaTypes.ociLayer, good);
const ociConfig = descriptorOf(mediaTypes.ociConfig, config);
const manifestOf = (changes: object = {}) =>
  json({
    schemaVersion: 2,
    mediaType: mediaTypes.ociManifest,
    config: ociConfig,
    layers: [ociLayer],
    ...changes,
  });
const indexOf = (manifests: object[]) => ({ schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests });
const layoutOf = (manifest: Buffer, ...blobs: Buffer[]) =>
  ociLayout(indexOf([descriptorOf(mediaTypes.ociManifest, manifest)]), [manifest, config, good, ...blobs]);
const archiveOf = (...members: RawMember[]) =>
  rawTar(...members, {
    name: 'manifest.json',
    data: '[{"Config":"c","RepoTags":["evil:1"],"Layers":["l"]}]',
  });

function badLayout(what: string, archive: () => Uint8Array, message: RegExp): void {
  refused(what, archive, message, 'Docker 20.10 loads docker archives only');
}

badLayout(
  'a manifest that is an index as well',
  () => layoutOf(manifestOf({ manifests: [] })),
  /it has "manifests" as well/,
);
badLayout(
  'a manifest of schema 1',
  () => layoutOf(manifestOf({ schemaVersion: 1 })),
  /schema 1 support has been removed/,
);
badLayout(
  'a digest that is a path',
  () => layoutOf(manifestOf({ config: { ...ociConfig, digest: 'sha256:../../x' } })),
  /invalid digest/,
);
badLayout('a negative size', () => layoutOf(manifestOf({ layers: [{ ...ociLayer, size: -1 }] })), /no size/);
badLayout(
  'a foreign layer',
  () =>
    layoutOf(
      manifestOf({
        layers: [
          {
            ...ociLayer,
            mediaType: 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip',
            urls: ['http://x/'],
          },
        ],
      }),
    ),
  /foreign layers\) are not supported/,
);
badLayout(
  'a layer that is no layer',
  () =>
    layoutOf(
      manifestOf({
        layers: [{ ...ociLayer, mediaType: 'application/vnd.cncf.helm.chart.content.v1.tar+gzip' }],
      }),
    ),
  /unsupported layer media type/,
);
badLayout(
  'the config as a layer',
  () => layoutOf(manifestOf({ layers: [ociConfig] })),
  /unsupported layer media type/,
);
badLayout(
  'the config as a layer, in disguise',
  () => layoutOf(manifestOf({ layers: [{ ...ociConfig, mediaType: mediaTypes.ociLayer }] })),
  /invalid diffID/,
);
badLayout(
  'a blob under the digest of another',
  () => {
    const manifest = manifestOf();
    return Buffer.concat([
      ociLayout(indexOf([descriptorOf(mediaTypes.ociManifest, manifest)]), [manifest, config]).subarray(
        0,
        -1024,
      ),
      rawTar({ name: `blobs/${ociLayer.digest.replace(':', '/')}`, data: 'not the layer' }),
    ]);
  },
  /no complete manifest/,
);
badLayout(
  'more layers than the config has',
  () => layoutOf(manifestOf({ layers: [ociLayer, ociLayer] })),
  /layer length mismatch/,
);
badLayout(
  'an index of 10,000',
  () => ociLayout(indexOf(Array.from({ length: 10_000 }, () => ociLayer)), []),
  /more than 1000 manifests/,
);
badLayout('indexes in indexes', () => nested(6, 1), /too many levels/);
badLayout(
  'indexes that name the next one a thousand times each',
  () => nested(3, 1000),
  /no complete manifest/,
);

/** Indexes one in the other, each naming the next `times`; the last names nothing that is there. */
function nested(depth: number, times: number): Buffer {
  const blobs: Buffer[] = [json(indexOf([]))];
  for (let n = 0; n < depth; n++) {
    const inner = descriptorOf(mediaTypes.ociIndex, blobs.at(-1) ?? Buffer.alloc(0));
    blobs.push(json(indexOf(Array.from({ length: times }, () => inner))));
  }
  return ociLayout(indexOf([descriptorOf(mediaTypes.ociIndex, blobs.at(-1) ?? Buffer.alloc(0))]), blobs);
}

const withConfig = (data: Buffer | string) => archiveOf({ name: 'c', data }, { name: 'l', data: good });
refused('a config that is no JSON', () => withConfig('{'), /invalid image config: not JSON/);
refused(
  'a config that is not UTF-8',
  () => withConfig(Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])),
  /not JSON/,
);
refused('a config of 5 MiB', () => withConfig(Buffer.alloc(5 << 20, ' ')), /too large/);
refused(
  'a config without rootfs',
  () => withConfig('{"os":"linux","architecture":"amd64"}'),
  /invalid image config: rootfs/,
);
refused('an index as config', () => withConfig(json(indexOf([]))), /invalid image config: rootfs/);
refused(
  'a DiffID that is a path',
  () =>
    withConfig(
      json({
        os: 'linux',
        architecture: 'amd64',
        rootfs: { type: 'layers', diff_ids: ['sha256:../../../x'] },
      }),
    ),
  /invalid digest/,
);
refused(
  'a manifest.json that names the host',
  () => rawTar({ name: 'manifest.json', data: `[{"Config":"${up}etc/passwd","Layers":[]}]` }),
  /it has no file/,
);
refused(
  'a manifest.json that is not UTF-8',
  () => rawTar({ name: 'manifest.json', data: Buffer.from([0x5b, 0xff, 0x5d]) }),
  /not JSON/,
);
refused(
  'JSON a hundred thousand levels deep',
  () => rawTar({ name: 'manifest.json', data: '['.repeat(100_000) }),
  /not JSON/,
);

once('of a key that is there twice the last one counts, as in Docker', async (engine) => {
  const text = config.toString().replace('{', '{"os":"windows","rootfs":{"type":"layers","diff_ids":[]},');
  const { code, stdout } = await load(engine, withConfig(text));
  expect([code, stdout.trim()]).toEqual([0, 'Loaded image: evil:1']);
  expect(await engine.ok('docker', 'image', 'inspect', '-f', '{{.Os}} {{.Id}}', 'evil:1')).toBe(
    `linux ${sha(Buffer.from(text))}`,
  );
  await engine.ok('docker', 'rmi', 'evil:1');
});
