/** `GET /version`. */
import type { Info } from '../../engine/model.ts';
import type { Facts } from '../backends.ts';
import type { SystemVersion } from '../types/system.ts';
import { rfc3339 } from './time.ts';

export function versionJson(facts: Facts, info: Pick<Info, 'kernelVersion' | 'initVersion'>): SystemVersion {
  const build = { GitCommit: '', GoVersion: facts.runtime, BuildTime: rfc3339(0) };
  return {
    Platform: { Name: 'gantry' },
    Version: facts.version,
    ApiVersion: facts.apiVersion,
    MinAPIVersion: facts.minApiVersion,
    Os: 'linux',
    Arch: facts.arch,
    KernelVersion: info.kernelVersion,
    ...build,
    Components: [
      {
        Name: 'Engine',
        Version: facts.version,
        Details: {
          ApiVersion: facts.apiVersion,
          Arch: facts.arch,
          Experimental: 'false',
          KernelVersion: info.kernelVersion,
          MinAPIVersion: facts.minApiVersion,
          Os: 'linux',
          ...build,
        },
      },
      { Name: 'gantry-init', Version: info.initVersion || facts.version, Details: { GitCommit: '' } },
    ],
  };
}
