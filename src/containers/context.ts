/** What the functions of this noun work with. Made once by the engine; nothing here is ambient. */
import type { Images } from '../images/model.ts';
import type { Emit } from '../lib/events.ts';
import type { ContainerId } from '../lib/ids.ts';
import type { Log } from '../lib/op.ts';
import type { Networks } from '../networks/model.ts';
import type { Cgroups } from '../runtime/model.ts';
import type { Shims } from '../shim/spare.ts';
import type { Snapshotter } from '../snapshots/snapshotter.ts';
import type { Volumes } from '../volumes/model.ts';
import type { Activities } from './activity.ts';
import type { ExecRegistry } from './exec-registry.ts';
import type { Locks } from './locks.ts';
import type { Container } from './model.ts';
import type { Paths } from './paths.ts';
import type { ContainerStore } from './store.ts';

export interface Context {
  readonly store: ContainerStore;
  /** Containers that have files already but no record yet. */
  readonly creating: Set<ContainerId>;
  readonly activities: Activities;
  readonly execs: ExecRegistry;
  readonly locks: Locks;
  readonly paths: Paths;
  readonly images: Pick<Images, 'get' | 'commit'>;
  readonly networks: Networks;
  readonly volumes: Volumes;
  readonly snapshotter: Snapshotter;
  readonly cgroups: Cgroups;
  readonly shims: Shims;
  readonly emit: Emit;
  readonly log: Log;
  /** `closed`: the daemon ends; containers and their shims are the next one's. */
  readonly life: { closed: boolean };
  readonly defaults: {
    /** Log options that a container gets when it names none. */
    logOptions: Record<string, string>;
    /** Nameservers of the daemon's --dns. */
    dns: string[];
    /** Host path of gantry-init, for --init. */
    initPath: string;
    /** Whether there is a default bridge; without one `default` means `none`. */
    hasBridge: boolean;
  };
}

/** Tells the world, with the attributes Docker gives every container event: image, name, labels. */
export function emitContainer(
  context: Pick<Context, 'emit'>,
  container: Container,
  action: string,
  extra: Record<string, string> = {},
): void {
  context.emit({
    type: 'container',
    action,
    id: container.id,
    attributes: {
      ...container.config.labels,
      image: container.config.image,
      name: container.name,
      ...extra,
    },
  });
}
