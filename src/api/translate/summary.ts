/** One row of `GET /containers/json`. */
import type { Container } from '../../containers/model.ts';
import type { ContainerSummary } from '../types/containers.ts';
import { endpointJson } from './endpoint.ts';
import { mountPointJson, type Sizes } from './inspect.ts';
import { portSummaries } from './ports.ts';
import { statusOf, statusText } from './state.ts';

export interface SummaryFacts {
  version: number;
  /** Milliseconds since the epoch. */
  now: number;
  sizes: Sizes | null;
  /** What to show as the image: its reference, or its id once the reference means another image. */
  image: string;
}

export function summaryJson(container: Container, facts: SummaryFacts): ContainerSummary {
  const { state, health, hostConfig } = container;
  const live = state.status === 'running' || state.status === 'paused';
  return {
    Id: container.id,
    Names: [`/${container.name}`],
    Image: facts.image,
    ImageID: container.imageId,
    Command: commandText(container),
    Created: Math.floor(container.created / 1000),
    Ports: live ? portSummaries(container) : [],
    ...(facts.sizes && { SizeRw: facts.sizes.writable, SizeRootFs: facts.sizes.root }),
    Labels: container.config.labels,
    State: statusOf(container),
    Status: statusText(container, facts.now),
    HostConfig: {
      NetworkMode: hostConfig.networkMode,
      ...(facts.version >= 46 &&
        Object.keys(hostConfig.annotations).length > 0 && { Annotations: hostConfig.annotations }),
    },
    ...(facts.version >= 52 && {
      Health: { Status: health?.status ?? 'none', FailingStreak: health?.failingStreak ?? 0 },
    }),
    NetworkSettings: {
      Networks: Object.fromEntries(
        container.endpoints.map((endpoint) => [endpoint.networkName, endpointJson(endpoint, live)]),
      ),
    },
    Mounts: container.mounts.map(mountPointJson),
  };
}

/** Path and arguments in one line; arguments with a blank in single quotes, as Docker has it. */
export function commandText({ path, args }: Container): string {
  return [path, ...args.map((argument) => (argument.includes(' ') ? `'${argument}'` : argument))].join(' ');
}
