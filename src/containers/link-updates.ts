/** Keeping `--link` true while both containers live: the other one may come back with another address. */
import type { Passage } from '../networks/model.ts';
import type { Context } from './context.ts';
import { replaceLinkLines } from './etc-files.ts';
import { hasLegacyLinks, linkHosts, liveLinks } from './links.ts';
import type { Container } from './model.ts';
import { isAlive } from './state.ts';

/** `started` runs: its own links are opened, and whoever links to it learns its address. */
export async function refreshLinks(context: Context, started: Container): Promise<void> {
  await allowLinks(context, started);
  for (const parent of parentsOf(context, started)) {
    replaceLinkLines(parent, linkHosts(context, parent));
    await allowLinks(context, parent);
  }
}

/** Opens the exposed ports of those that it links to, on networks that are closed otherwise. */
export async function allowLinks(context: Context, container: Container): Promise<void> {
  const passages = liveLinks(context, container).map(
    ({ child }): Passage => ({ from: container.id, to: child.id, ports: child.config.exposedPorts }),
  );
  if (passages.length > 0) await context.networks.allow(container.id, passages);
}

function parentsOf(context: Context, child: Container): Container[] {
  return context.store
    .all()
    .filter(
      (other) =>
        hasLegacyLinks(other) &&
        isAlive(other.state) &&
        liveLinks(context, other).some((link) => link.child.id === child.id),
    );
}
