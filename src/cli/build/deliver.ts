/** What becomes of the image once it is made. The daemon knows nothing of outputs: they are what one could do by hand. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { IdResponse } from '../../api/types/common.ts';
import { canonicalName, parseReference, repository } from '../../lib/reference.ts';
import { unpack } from '../archive/unpack.ts';
import type { Invocation } from '../command.ts';
import { registryAuth } from '../credentials/header.ts';
import { ExitError } from '../exit.ts';
import type { Client } from '../http/client.ts';
import { writeTo } from '../stream/output-file.ts';
import { showProgress } from '../stream/progress.ts';
import { isTerminal } from '../terminal/libc.ts';
import type { Finished } from './display/view.ts';
import type { Output, Outputs } from './outputs.ts';

type Delivering = Pick<Invocation, 'client' | 'configDirectory'>;

/** Before anything is done for it. */
export function checkOutputs({ list }: Outputs, tags: readonly string[]): void {
  for (const output of list) {
    if (output.type === 'push' && tags.length === 0)
      throw new ExitError('tag is needed when pushing to registry');
    if ('dest' in output && output.dest === '-' && isTerminal(1))
      throw new ExitError(`dest file is required for ${output.type} exporter. refusing to write to console`);
  }
}

export async function deliver(
  invocation: Delivering,
  output: Output,
  { image, names }: Finished,
  quiet: boolean,
): Promise<void> {
  const { client } = invocation;
  switch (output.type) {
    case 'image':
      return;
    case 'local':
      mkdirSync(output.dest, { recursive: true });
      return withFiles(client, image, (files) => unpack(files, output.dest, []));
    case 'tar':
      return withFiles(client, image, (files) => write(output.dest, files));
    case 'archive': {
      const { body } = await client.request('GET', '/images/get', {
        query: { names: names.length > 0 ? names : [image] },
      });
      return write(output.dest, body);
    }
    case 'push':
      for (const name of names) await push(invocation, name, quiet);
  }
}

/** A container that never runs shows the files of its image. */
async function withFiles(
  client: Client,
  image: string,
  use: (files: AsyncIterable<Uint8Array>) => Promise<void>,
): Promise<void> {
  const { Id } = await client.json<IdResponse>('POST', '/containers/create', {
    body: { json: { Image: image, Entrypoint: [], Cmd: ['never'], HostConfig: { NetworkMode: 'none' } } },
  });
  try {
    await use((await client.request('GET', `/containers/${Id}/export`)).body);
  } finally {
    await client.call('DELETE', `/containers/${Id}`, { query: { force: true, v: true } });
  }
}

async function write(dest: string, bytes: AsyncIterable<Uint8Array>): Promise<void> {
  if (dest !== '-') mkdirSync(dirname(dest), { recursive: true });
  await writeTo(dest === '-' ? '' : dest, bytes);
}

export async function push(
  { client, configDirectory }: Delivering,
  text: string,
  quiet: boolean,
): Promise<void> {
  const name = parseReference(text);
  const response = await client.request('POST', `/images/${repository(name)}/push`, {
    // Without a tag all that there are would be pushed.
    query: { tag: name.tag ?? 'latest' },
    headers: await registryAuth(configDirectory, name.domain),
  });
  await showProgress(response.body, { fd: 2, quiet });
}

export async function tag(client: Client, image: string, text: string): Promise<void> {
  const name = parseReference(text);
  const query = { repo: repository(name), tag: name.tag ?? 'latest' };
  await client.call('POST', `/images/${image}/tag`, { query });
}

/** --iidfile and --metadata-file. */
export function writeReports(paths: { id: string; metadata: string }, { image, names }: Finished): void {
  if (paths.id !== '') writeFileSync(paths.id, image);
  if (paths.metadata === '') return;
  const metadata = {
    'containerimage.config.digest': image,
    'containerimage.digest': image,
    ...(names.length > 0 && {
      'image.name': names.map((name) => canonicalName(parseReference(name))).join(','),
    }),
  };
  writeFileSync(paths.metadata, `${JSON.stringify(metadata, null, 2)}\n`);
}
