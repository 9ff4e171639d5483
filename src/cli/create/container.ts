/** What `run` and `create` share: the create call, a missing image, warnings, the id file. */
import type { ContainerCreateBody, ContainerCreateResponse } from '../../api/types/containers.ts';
import type { Invocation } from '../command.ts';
import { type ConfigFile, proxyEnvironment } from '../config.ts';
import { ExitError, exitCode, isExitError, startFailureCode } from '../exit.ts';
import type { FlagValues } from '../flags/parse.ts';
import { ApiError, type Client } from '../http/client.ts';
import { describeEndpoint } from '../http/endpoint.ts';
import { programName } from '../program.ts';
import { writeErr } from '../terminal/output.ts';
import { createBody } from './body.ts';
import { reasonOf } from './files.ts';

/** The body that the options ask for, with the proxies of the configuration. */
export async function bodyFromFlags(
  flags: FlagValues,
  args: readonly string[],
  client: Client,
  config: ConfigFile,
): Promise<ContainerCreateBody> {
  if (flags.list('gpus').length > 0)
    throw new ExitError(
      'Error response from daemon: could not select device driver "" with capabilities: [[gpu]]',
    );
  checkPullPolicy(flags.string('pull'));
  const [image = '', ...command] = args;
  const body = await createBody(flags, image, command);
  const proxies = proxyEnvironment(config, describeEndpoint(client.endpoint), body.Env ?? []);
  if (proxies.length > 0) body.Env = [...proxies, ...(body.Env ?? [])];
  return body;
}

type Creating = Pick<Invocation, 'client' | 'configDirectory' | 'flags'>;

export async function createContainer(creating: Creating, body: ContainerCreateBody): Promise<string> {
  const cidFile = creating.flags.string('cidfile');
  if (!cidFile) return pullAndCreate(creating, body);
  const { rmSync, writeFileSync } = await import('node:fs');
  await claimIdFile(cidFile);
  try {
    const id = await pullAndCreate(creating, body);
    writeFileSync(cidFile, id);
    return id;
  } catch (error) {
    rmSync(cidFile, { force: true });
    throw error;
  }
}

/** Before the container is made: a path that cannot be written leaves none behind. */
async function claimIdFile(path: string): Promise<void> {
  const { closeSync, openSync } = await import('node:fs');
  try {
    closeSync(openSync(path, 'wx', 0o644));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST')
      throw new ExitError(
        `container ID file found, make sure the other container isn't running or delete ${path}`,
      );
    throw new ExitError(`failed to create the container ID file: open ${path}: ${reasonOf(error)}`);
  }
}

async function pullAndCreate(creating: Creating, body: ContainerCreateBody): Promise<string> {
  const policy = creating.flags.string('pull') || 'missing';
  if (policy === 'always') await pull(creating, body.Image ?? '');
  const created = await postCreate(creating, body, policy === 'missing');
  for (const warning of created.Warnings ?? []) writeErr(`WARNING: ${warning}\n`);
  return created.Id;
}

async function postCreate(
  creating: Creating,
  body: ContainerCreateBody,
  mayPull: boolean,
): Promise<ContainerCreateResponse> {
  const { client, flags } = creating;
  const options = {
    query: { name: flags.string('name'), platform: flags.string('platform') },
    body: { json: body },
  };
  try {
    return await client.json<ContainerCreateResponse>('POST', '/containers/create', options);
  } catch (error) {
    const missing = error instanceof ApiError && error.status === 404 && /no such image/i.test(error.reason);
    if (!missing || !mayPull) throw error;
    if (!flags.bool('quiet')) writeErr(`Unable to find image '${shownName(body.Image ?? '')}' locally\n`);
    await pull(creating, body.Image ?? '');
    return client.json<ContainerCreateResponse>('POST', '/containers/create', options);
  }
}

function checkPullPolicy(policy: string): void {
  if (policy === '' || ['always', 'missing', 'never'].includes(policy)) return;
  throw new ExitError(`invalid pull option: '${policy}': must be one of "always", "missing" or "never"`);
}

function shownName(image: string): string {
  return image.includes('@') || /:[^/]+$/.test(image) ? image : `${image}:latest`;
}

async function pull({ client, configDirectory, flags }: Creating, image: string): Promise<void> {
  const { parseReference, withTag } = await import('../../lib/reference.ts');
  const { pullImage } = await import('../stream/pull.ts');
  const progress = { fd: 2, quiet: flags.bool('quiet') } as const;
  const name = withTag(parseReference(image));
  await pullImage({ client, configDirectory }, name, flags.string('platform'), progress);
}

/** An error that Docker shows without its name in front, with exit code 1. */
export class PlainError extends Error {}

/** An error of `run` or `create` as Docker prints it, with the exit code its text stands for. */
export function failureOf(error: unknown, command: string): ExitError {
  if (isExitError(error) && error.message === '') return error;
  if (error instanceof PlainError) return new ExitError(error.message);
  const message = error instanceof Error ? error.message : String(error);
  return new ExitError(
    `${programName}: ${message}\n\nRun '${programName} ${command} --help' for more information`,
    error instanceof ApiError ? startFailureCode(message) : exitCode.usage,
  );
}
