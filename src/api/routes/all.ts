/** Every route, in the order in which they are tried. */
import type { Log } from '../../lib/op.ts';
import type { Backends, Facts } from '../backends.ts';
import type { Route } from '../http/router.ts';
import { buildRoutes } from './build.ts';
import { commitRoutes } from './commit.ts';
import { attachRoutes } from './containers-attach.ts';
import { createRoutes } from './containers-create.ts';
import { fileRoutes } from './containers-files.ts';
import { lifecycleRoutes } from './containers-lifecycle.ts';
import { listRoutes } from './containers-list.ts';
import { outputRoutes } from './containers-output.ts';
import { waitRoutes } from './containers-wait.ts';
import { eventRoutes } from './events.ts';
import { execRoutes } from './exec.ts';
import { gantryBuildRoutes } from './gantry-builds.ts';
import { imageRoutes } from './images.ts';
import { archiveRoutes } from './images-archive.ts';
import { imageCreateRoutes } from './images-create.ts';
import { maintenanceRoutes } from './maintenance.ts';
import { networkRoutes } from './networks.ts';
import { registryRoutes } from './registry.ts';
import { swarmRoutes } from './swarm.ts';
import { systemRoutes } from './system.ts';
import { unsupportedRoutes } from './unsupported.ts';
import { volumeFileRoutes } from './volume-files.ts';
import { volumeRoutes } from './volumes.ts';

export function routes(backends: Backends, facts: Facts, log: Log): Route[] {
  const { containers, images, distribution, networks, volumes, builds, system } = backends;
  const listeners = { count: 0 };
  return [
    ...systemRoutes(system, builds, facts, listeners),
    ...maintenanceRoutes(system, images, log),
    ...eventRoutes(system, listeners),
    ...createRoutes(containers),
    ...commitRoutes(containers, log),
    ...lifecycleRoutes(containers),
    ...listRoutes(containers, images),
    ...waitRoutes(containers),
    ...attachRoutes(containers),
    ...outputRoutes(containers),
    ...fileRoutes(containers),
    ...execRoutes(containers),
    ...archiveRoutes(images, log),
    ...imageCreateRoutes(images, distribution, log),
    ...buildRoutes(builds, log),
    ...gantryBuildRoutes(builds, system, log),
    ...registryRoutes(distribution, log),
    ...imageRoutes(images, system),
    ...volumeRoutes(volumes),
    ...volumeFileRoutes(volumes, log),
    ...networkRoutes(networks, containers),
    ...swarmRoutes(),
    ...unsupportedRoutes(),
  ];
}
