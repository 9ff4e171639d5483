import type { DistributionInspect, Platform } from '../../api/types/registry.ts';
import { canonicalName, type ImageName, parseReference, repository, withTag } from '../../lib/reference.ts';
import { between, type Command, type Invocation } from '../command.ts';
import { registryAuth } from '../credentials/header.ts';
import { ExitError, exitCode } from '../exit.ts';
import { indentJson } from '../format/json.ts';
import { collect } from '../http/client.ts';
import { programName } from '../program.ts';
import { writeErr, writeOut } from '../terminal/output.ts';

export const command: Command = {
  usage: '[OPTIONS] [MANIFEST_LIST] MANIFEST',
  args: between(1, 2),
  flags: [
    { name: 'insecure', type: 'bool', usage: 'Allow communication with an insecure registry' },
    {
      name: 'verbose',
      short: 'v',
      type: 'bool',
      usage: 'Output additional info including layers and platform',
    },
  ],
  async run(invocation) {
    const { args, flags } = invocation;
    if (args.length === 2) throw new ExitError(`No such manifest: ${args[1]}`);
    const name = withTag(parseReference(args[0] ?? ''));
    if (flags.bool('insecure'))
      writeErr(
        `WARNING: the daemon asks the registry: its own setting insecure-registries decides (see '${programName} info')\n`,
      );
    const found = await fetchManifest(invocation, name);
    const document = JSON.parse(found.text) as Document;
    if (flags.bool('verbose')) writeOut(`${await verbose(invocation, name, found, document)}\n`);
    // Docker lays a list out by itself, and other documents by one tab.
    else writeOut(`${indentJson(found.text, document.manifests ? '   ' : '\t')}\n`);
    return exitCode.success;
  },
};

interface Document {
  /** Of an index. */
  manifests?: { digest: string; platform?: Platform }[];
}

interface Found {
  mediaType: string;
  digest: string;
  text: string;
}

type Asking = Pick<Invocation, 'client' | 'configDirectory'>;

async function fetchManifest({ client, configDirectory }: Asking, name: ImageName): Promise<Found> {
  const headers = await registryAuth(configDirectory, name.domain);
  const { head, body } = await client.request('GET', `/gantry/manifests/${canonicalName(name)}`, { headers });
  return {
    mediaType: head.headers.get('content-type') ?? '',
    digest: head.headers.get('docker-content-digest') ?? '',
    text: await collect(body),
  };
}

/** One description, or for an index a list of one for each of its manifests. */
async function verbose(asking: Asking, name: ImageName, found: Found, document: Document): Promise<string> {
  if (!document.manifests)
    return pretty(describe(canonicalName(name), found, await platformOf(asking, name)));
  const all = await Promise.all(
    document.manifests.map(async ({ digest, platform }) => {
      const reference = `${repository(name)}@${digest}`;
      return describe(reference, await fetchManifest(asking, parseReference(reference)), platform);
    }),
  );
  return pretty(all);
}

async function platformOf(
  { client, configDirectory }: Asking,
  name: ImageName,
): Promise<Platform | undefined> {
  const headers = await registryAuth(configDirectory, name.domain);
  const path = `/distribution/${canonicalName(name)}/json`;
  return (await client.json<DistributionInspect>('GET', path, { headers })).Platforms[0];
}

function describe(reference: string, { mediaType, digest, text }: Found, platform?: Platform): object {
  const kind = mediaType.startsWith('application/vnd.oci.') ? 'OCIManifest' : 'SchemaV2Manifest';
  return {
    Ref: reference,
    Descriptor: { mediaType, digest, size: Buffer.byteLength(text), ...(platform && { platform }) },
    Raw: Buffer.from(text).toString('base64'),
    [kind]: JSON.parse(text),
  };
}

const pretty = (value: unknown) => JSON.stringify(value, null, '\t');
