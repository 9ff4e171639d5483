/** Images of every shape: the mounted tree is the one that Podman and Docker's daemon make of the same archive. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { oldDockerArchive } from './archives.ts';
import { file, symlink } from './members.ts';
import { pax, type RawMember, rawTar } from './raw-tar.ts';
import { openStore, operation, temporaryDirectory } from './rig.ts';
import { type Shape, shapes } from './shapes.ts';
import { disputed } from './shapes-disputed.ts';
import { listTrees, openDockerd, openOurs, openPodman } from './trees.ts';

const scratch = temporaryDirectory();
const all = [...shapes, ...disputed];
const nameOf = (shape: Shape) => `shape:${all.indexOf(shape)}`;
const readers = {
  overlay2: () => openOurs('overlay2'),
  vfs: () => openOurs('vfs'),
  podman: openPodman,
  dockerd: openDockerd,
};
afterAll(() => scratch[Symbol.dispose]());

/** Every shape is an image of one archive. The root itself is not compared: Podman gives it mode 0555, Docker and gantry 0755. */
async function treesOf(reader: keyof typeof readers, chosen: Shape[]): Promise<Map<Shape, string[]>> {
  const archive = join(scratch.path, `${reader}.tar`);
  const samples = chosen.map((shape) => ({ layers: shape.layers, tags: [nameOf(shape)] }));
  writeFileSync(archive, oldDockerArchive(...samples));
  await using peer = await readers[reader]();
  await peer.load(archive);
  const trees = await listTrees(peer, chosen.map(nameOf));
  return new Map(chosen.map((shape, n) => [shape, trees[n]?.slice(1) ?? []]));
}

let trees = new Map<Shape, string[]>();
beforeAll(async () => {
  trees = await treesOf('overlay2', all);
}, 300_000);

describe('by the specification', () => {
  for (const shape of disputed)
    test(shape.name, () => {
      const tree = shape.tree?.map((line) => line.replace('~', 'mtime=1700000000000000000'));
      expect(trees.get(shape)).toEqual(tree);
    });
});

for (const reader of ['vfs', 'podman', 'dockerd'] as const)
  describe(`as ${reader}`, () => {
    const agreed = all.filter((shape) => shape.differs?.[reader] === undefined);
    let theirs = new Map<Shape, string[]>();
    beforeAll(async () => {
      theirs = await treesOf(reader, agreed);
    }, 300_000);
    for (const shape of agreed)
      test(shape.name, () => expect(theirs.get(shape)).toEqual(trees.get(shape) ?? []));
  });

test('what no file system can hold is refused', async () => {
  using t = await openStore();
  const load = (...members: RawMember[]) =>
    t.store.load(
      new Blob([oldDockerArchive({ layers: [rawTar(...members)], tags: ['x'] })]).stream(),
      { quiet: true, platform: '' },
      operation(),
    );
  const longer = `${'d/'.repeat(2047)}name`;
  await expect(load(pax(['path', longer]), file('short'))).rejects.toThrow('name too long');
  await expect(load(pax(['path', 'n'.repeat(256)]), file('short'))).rejects.toThrow('File name too long');
  await expect(load(pax(['linkpath', 'n'.repeat(4096)]), symlink('l', 'x'))).rejects.toThrow(
    'link target too long',
  );
  const broken = pax(['SCHILY.xattr.security.capability', 'not a capability']);
  await expect(load(broken, file('x'))).rejects.toThrow('set security.capability on /x: Invalid argument');
  expect(t.content.digests()).toEqual([]);
  expect(t.layerDirectories()).toEqual([]);
});
