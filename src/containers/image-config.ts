/** A container's configuration as an image's, and back: what `commit` makes of it. */
import { applyChanges } from '../images/changes.ts';
import type { ImageRunConfig } from '../oci/image.ts';
import { mergeImageConfig, portKey } from './merge.ts';
import type { ContainerConfig, HealthCheck } from './model.ts';

/**
 * The configuration of an image made from a container. As in moby the changes apply to what the request gave (null: the
 * container's own configuration), and what is missing then comes from the container.
 */
export function committedConfig(
  own: ContainerConfig,
  given: ContainerConfig | null,
  changes: readonly string[],
): ImageRunConfig {
  const changed = applyChanges(toImageConfig(given ?? own), changes);
  return toImageConfig(mergeImageConfig(withImageConfig(own, changed), toImageConfig(own)));
}

const keys = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, {}]));

/** What a list or map holds, or nothing when it is empty: an image says only what there is to say. */
function toImageConfig(config: ContainerConfig): ImageRunConfig {
  const { user, env, cmd, entrypoint, workingDir, stopSignal, healthcheck, onBuild, shell } = config;
  return {
    ...(user && { User: user }),
    ...(config.exposedPorts.length > 0 && { ExposedPorts: keys(config.exposedPorts) }),
    ...(env.length > 0 && { Env: env }),
    ...(entrypoint?.length && { Entrypoint: entrypoint }),
    ...(cmd?.length && { Cmd: cmd }),
    ...(config.volumes.length > 0 && { Volumes: keys(config.volumes) }),
    ...(workingDir && { WorkingDir: workingDir }),
    ...(Object.keys(config.labels).length > 0 && { Labels: config.labels }),
    ...(stopSignal && { StopSignal: stopSignal }),
    ...(healthcheck && { Healthcheck: toImageHealthcheck(healthcheck) }),
    ...(onBuild?.length && { OnBuild: onBuild }),
    ...(shell?.length && { Shell: shell }),
  };
}

function withImageConfig(base: ContainerConfig, image: ImageRunConfig): ContainerConfig {
  return {
    ...base,
    user: image.User ?? '',
    exposedPorts: Object.keys(image.ExposedPorts ?? {}).map(portKey),
    env: image.Env ?? [],
    // An empty list is none: the container's own then comes back.
    entrypoint: image.Entrypoint?.length ? image.Entrypoint : null,
    cmd: image.Cmd ?? null,
    volumes: Object.keys(image.Volumes ?? {}),
    workingDir: image.WorkingDir ?? '',
    labels: image.Labels ?? {},
    stopSignal: image.StopSignal ?? '',
    healthcheck: image.Healthcheck === undefined ? null : fromImageHealthcheck(image.Healthcheck),
    onBuild: image.OnBuild ?? null,
    shell: image.Shell ?? null,
  };
}

type ImageHealthcheck = NonNullable<ImageRunConfig['Healthcheck']>;

function toImageHealthcheck(check: HealthCheck): ImageHealthcheck {
  return {
    ...(check.test.length > 0 && { Test: check.test }),
    ...(check.interval > 0 && { Interval: check.interval }),
    ...(check.timeout > 0 && { Timeout: check.timeout }),
    ...(check.startPeriod > 0 && { StartPeriod: check.startPeriod }),
    ...(check.startInterval > 0 && { StartInterval: check.startInterval }),
    ...(check.retries > 0 && { Retries: check.retries }),
  };
}

function fromImageHealthcheck(check: ImageHealthcheck): HealthCheck {
  return {
    test: check.Test ?? [],
    interval: check.Interval ?? 0,
    timeout: check.Timeout ?? 0,
    startPeriod: check.StartPeriod ?? 0,
    startInterval: check.StartInterval ?? 0,
    retries: check.Retries ?? 0,
  };
}
