/** The container that a RUN is, as the containers noun wants to be asked for it. */
import { emptyRequest } from '../../containers/empty-request.ts';
import type { CreateRequest, MountPoint } from '../../containers/model.ts';
import type { StepLimits } from '../model.ts';
import { chainOf, idOf, platformOf, type StageState } from '../stage/state.ts';

export interface StepProcess {
  argv: readonly string[];
  /** "name=value" */
  env: readonly string[];
  /** "" = root. */
  user: string;
  /** "" = / */
  workingDir: string;
  network: string;
  privileged: boolean;
  mounts: readonly MountPoint[];
  limits: StepLimits;
  labels: Readonly<Record<string, string>>;
}

export function containerRequest(state: StageState, process: StepProcess): CreateRequest {
  const imageId = idOf(state);
  const { config, hostConfig, ...request } = emptyRequest(imageId, [...process.argv]);
  const { env, user, workingDir, labels, limits, network, privileged, mounts } = process;
  return {
    ...request,
    config: {
      ...config,
      attachStdout: true,
      attachStderr: true,
      env: [...env],
      user,
      workingDir,
      labels: { ...labels },
    },
    hostConfig: {
      ...hostConfig,
      ...limits,
      logConfig: { type: 'none', config: {} },
      networkMode: network,
      privileged,
    },
    base: { imageId, chainId: chainOf(state), platform: platformOf(state), mounts },
  };
}
