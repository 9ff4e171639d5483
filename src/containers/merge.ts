/** What an image says a container should be like, below what the user said. Rules of moby daemon/commit.go merge(). */
import { invalid } from '../lib/errors.ts';
import type { PortKey } from '../networks/model.ts';
import type { ImageRunConfig } from '../oci/image.ts';
import type { ContainerConfig, HealthCheck } from './model.ts';

const variable = (assignment: string) => assignment.split('=', 1)[0] ?? '';

/** The user's variables first, then those of the image that the user did not set. */
function mergeEnv(user: string[], image: string[]): string[] {
  const set = new Set(user.map(variable));
  return [...user, ...image.filter((assignment) => !set.has(variable(assignment)))];
}

function mergeHealthcheck(
  user: HealthCheck | null,
  image: ImageRunConfig['Healthcheck'],
): HealthCheck | null {
  if (image === undefined) return user;
  return {
    test: user?.test.length ? user.test : (image.Test ?? []),
    interval: user?.interval || (image.Interval ?? 0),
    timeout: user?.timeout || (image.Timeout ?? 0),
    startPeriod: user?.startPeriod || (image.StartPeriod ?? 0),
    startInterval: user?.startInterval || (image.StartInterval ?? 0),
    retries: user?.retries || (image.Retries ?? 0),
  };
}

/**
 * An entrypoint given by the user drops the image's command; an entrypoint of [""] is none at all. Throws
 * "no command specified" when nothing is left to run.
 */
function mergeCommand(user: ContainerConfig, image: ImageRunConfig) {
  let { cmd, entrypoint } = user;
  if (entrypoint === null || entrypoint.length === 0) {
    if (cmd === null || cmd.length === 0) cmd = image.Cmd ?? null;
    entrypoint ??= image.Entrypoint ?? null;
  }
  if (entrypoint?.length === 1 && entrypoint[0] === '') entrypoint = null;
  if ((entrypoint?.length ?? 0) === 0 && (cmd?.length ?? 0) === 0) throw invalid('no command specified');
  return { cmd, entrypoint };
}

export function mergeImageConfig(user: ContainerConfig, image: ImageRunConfig): ContainerConfig {
  const exposed = [...user.exposedPorts, ...Object.keys(image.ExposedPorts ?? {}).map(portKey)];
  return {
    ...user,
    ...mergeCommand(user, image),
    user: user.user || (image.User ?? ''),
    env: mergeEnv(user.env, image.Env ?? []),
    labels: { ...image.Labels, ...user.labels },
    volumes: [...new Set([...user.volumes, ...Object.keys(image.Volumes ?? {})])],
    exposedPorts: [...new Set(exposed)],
    workingDir: user.workingDir || (image.WorkingDir ?? ''),
    stopSignal: user.stopSignal || (image.StopSignal ?? ''),
    healthcheck: mergeHealthcheck(user.healthcheck, image.Healthcheck),
    shell: user.shell ?? image.Shell ?? null,
  };
}

/** `80` means `80/tcp`. */
export function portKey(text: string): PortKey {
  const match = /^(\d{1,5})(?:\/(tcp|udp|sctp))?$/.exec(text.toLowerCase());
  if (match === null) throw invalid(`invalid exposed port in the image: ${text}`);
  return `${Number(match[1])}/${(match[2] ?? 'tcp') as 'tcp'}`;
}

/** Path and arguments as inspect shows them. */
export function commandLine(config: ContainerConfig): { path: string; args: string[] } {
  const [path = '', ...args] = [...(config.entrypoint ?? []), ...(config.cmd ?? [])];
  return { path, args };
}
