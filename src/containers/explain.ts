/** gantry run --explain: the operations that would make a container, without making it. */
import { explain } from '../runtime/explain.ts';
import { planContainer } from '../runtime/plan.ts';
import type { Context } from './context.ts';
import { planContainerRecord } from './create.ts';
import { joinRequestOf, networkOperations } from './endpoints.ts';
import { plannedViews } from './image-views.ts';
import type { CreateRequest } from './model.ts';
import { specOf } from './spec-of.ts';

export async function explainCreate(context: Context, request: CreateRequest): Promise<string> {
  const { record, mounts, parent } = await planContainerRecord(context, request);
  const container = {
    ...record,
    mounts: mounts.map(({ noCopy: _noCopy, origin: _origin, ...mount }) => ({
      ...mount,
      source: mount.type === 'volume' ? `<volume ${mount.name || 'anonymous'}>` : mount.source,
    })),
  };
  const { id } = container;
  // An address and a snapshot are taken for the moment of planning, and given back.
  try {
    await context.snapshotter.prepare(id, parent);
    const operations = planContainer({
      spec: specOf(context, container),
      root: context.snapshotter.mounts(id),
      rootPath: context.paths.of(id).rootfs,
      views: await plannedViews(context, id, mounts),
      network: networkOperations(container, await context.networks.join(joinRequestOf(context, container))),
      cgroups: context.cgroups,
    });
    return explain(operations);
  } finally {
    await context.networks.release(id);
    await context.snapshotter.remove(id);
  }
}
