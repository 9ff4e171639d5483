import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { containerOfSnapshot } from '../../containers/image-views.ts';
import type { Container } from '../../containers/model.ts';
import type { Check, Problem, World } from './check.ts';

/** Containers whose image, files or layers are gone. */
export const checkContainers: Check = {
  title: 'Checking containers',
  async run(world, report) {
    const containers = await world.containers.list();
    // Without a pause in between: containers come and go.
    const missing = new Set(world.images.snapshotter.audit().missing);
    const problems = [
      ...containers.flatMap((each) => containerProblems(world, each, missing)),
      ...lostSnapshots(world),
    ];
    for (const problem of problems) await report(problem);
  },
};

function containerProblems(
  { dataRoot, images }: World,
  { id, name, imageId, state }: Container,
  missing: ReadonlySet<string>,
): Problem[] {
  // Its files go before its record.
  if (state.status === 'removing') return [];
  const details = [
    ...(images.snapshotter.has(id) ? [] : ['it has no snapshot']),
    ...(missing.has(id) ? ['its files are missing'] : []),
    ...(existsSync(join(dataRoot, 'containers', id)) ? [] : ['its directory is missing']),
    ...(images.records.get(imageId) === null ? [`its image ${imageId} has been removed`] : []),
  ];
  return details.map((detail) => ({ kind: 'container', subject: name, detail, remedy: null }));
}

function lostSnapshots({ containers, images: { snapshotter } }: World): Problem[] {
  return snapshotter
    .list()
    .filter(({ key, committed }) => {
      const owner = committed ? null : containerOfSnapshot(key);
      return owner !== null && !containers.isKnown(owner);
    })
    .map(({ key }) => ({
      kind: 'snapshot',
      subject: key,
      detail: 'it is the snapshot of a container that does not exist',
      remedy: { text: 'removed', run: () => snapshotter.remove(key) },
    }));
}
