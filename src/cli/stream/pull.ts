/** Asks the daemon to pull, and shows how it goes: for `pull`, and for `run` and `create` of an image that is not here. */
import { type ImageName, repository } from '../../lib/reference.ts';
import type { Invocation } from '../command.ts';
import { registryAuth } from '../credentials/header.ts';
import { type ProgressOptions, showProgress } from './progress.ts';

/** A name with neither tag nor digest pulls every tag. */
export async function pullImage(
  { client, configDirectory }: Pick<Invocation, 'client' | 'configDirectory'>,
  name: ImageName,
  platform: string,
  progress: ProgressOptions,
): Promise<void> {
  const response = await client.request('POST', '/images/create', {
    query: { fromImage: repository(name), tag: name.digest ?? name.tag ?? undefined, platform },
    headers: await registryAuth(configDirectory, name.domain),
  });
  await showProgress(response.body, progress);
}
