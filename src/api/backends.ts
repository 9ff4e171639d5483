/** What the server needs from the engine: the nouns' services. Each route file names the few methods it uses. */

import manifest from '../../package.json' with { type: 'json' };
import type { Builds } from '../build/model.ts';
import type { Containers } from '../containers/service.ts';
import type { System } from '../engine/model.ts';
import type { Distribution } from '../images/distribution/model.ts';
import type { Images } from '../images/model.ts';
import type { Networks } from '../networks/model.ts';
import type { Volumes } from '../volumes/model.ts';
import { newestVersion, oldestVersion, versionText } from './http/version.ts';

export interface Backends {
  containers: Containers;
  images: Images;
  distribution: Distribution;
  networks: Networks;
  volumes: Volumes;
  builds: Builds;
  system: System;
}

/** What the program knows of itself. */
export interface Facts {
  version: string;
  apiVersion: string;
  minApiVersion: string;
  /** The language runtime, where Docker tells its Go version. */
  runtime: string;
  arch: string;
  /** When this process began to serve. */
  startedAt: number;
}

const goArch: Record<string, string> = { x64: 'amd64', ia32: '386' };

export function facts(version: string = manifest.version): Facts {
  return {
    version,
    apiVersion: versionText(newestVersion),
    minApiVersion: versionText(oldestVersion),
    runtime: `bun${process.versions.bun ?? ''}`,
    arch: goArch[process.arch] ?? process.arch,
    startedAt: Date.now(),
  };
}
