/** The spec of a container as it would be started now. */
import { conflict } from '../lib/errors.ts';
import type { Spec } from '../oci/runtime.ts';
import type { Context } from './context.ts';
import { gatherFacts } from './facts.ts';
import { withViewPaths } from './image-views.ts';
import { withLinkEnvironment } from './links.ts';
import type { Container } from './model.ts';
import { sharedShmOf } from './shared-shm.ts';
import { buildSpec, type SpecFacts } from './spec.ts';
import { isAlive } from './state.ts';
import { joinedContainer } from './validate-modes.ts';

export function specOf(context: Context, container: Container): Spec {
  const borrowed = borrowFiles(context, withLinkEnvironment(context, withViewPaths(context, container)));
  return buildSpec(
    borrowed,
    gatherFacts(borrowed, {
      cgroups: context.cgroups,
      rootPath: context.paths.of(container.id).rootfs,
      joined: joinedProcesses(context, container),
      sharedShm: sharedShmOf(context, container),
      initPath: context.defaults.initPath,
    }),
  );
}

/** A container in another's network has that one's names and resolver. */
function borrowFiles(context: Context, container: Container): Container {
  const ref = joinedContainer(container.hostConfig.networkMode);
  if (ref === null || !context.store.has(ref)) return container;
  const { files, config } = context.store.find(ref);
  return {
    ...container,
    config: { ...container.config, hostname: config.hostname, domainname: config.domainname },
    files: { ...files, log: container.files.log },
  };
}

function joinedProcesses(context: Context, { hostConfig }: Container): SpecFacts['joined'] {
  const processOf = (mode: string, refusal: (id: string) => string): number | undefined => {
    const ref = joinedContainer(mode);
    if (ref === null) return undefined;
    const { id, state } = context.store.find(ref);
    if (!isAlive(state)) throw conflict(refusal(id));
    return state.process.pid;
  };
  return {
    network: processOf(
      hostConfig.networkMode,
      (id) => `cannot join network of a non running container: ${id}`,
    ),
    ipc: processOf(
      hostConfig.ipcMode,
      (id) => `can't join IPC of container ${id}: container ${id} is not running`,
    ),
    pid: processOf(
      hostConfig.pidMode,
      (id) => `can't join PID namespace of container ${id}: container ${id} is not running`,
    ),
  };
}
