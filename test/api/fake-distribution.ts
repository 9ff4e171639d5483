/** A registry in memory, as far as the API sees one: it has one image, and knows one user. */
import type {
  Distribution,
  PullOptions,
  PushOptions,
  SearchFilters,
} from '../../src/images/distribution/model.ts';
import { notFound, unauthorized } from '../../src/lib/errors.ts';
import { parseDigest } from '../../src/lib/ids.ts';
import type { Credentials } from '../../src/registry/client/model.ts';

export const manifestBytes = Buffer.from(
  `{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"sha256:${'c'.repeat(64)}","size":7},"layers":[]}`,
);
const mediaType = 'application/vnd.oci.image.manifest.v1+json';
export const digest = parseDigest(
  `sha256:${new Bun.CryptoHasher('sha256').update(manifestBytes).digest('hex')}`,
);

const refused = () => unauthorized('Get "https://reg.example/v2/": unauthorized: authentication required');

export class FakeDistribution implements Distribution {
  /** What was asked for, latest last. */
  readonly pulls: { reference: string; options: PullOptions }[] = [];
  readonly pushes: { reference: string; options: PushOptions }[] = [];
  readonly searches: { term: string; limit: number; filters: SearchFilters; credentials: Credentials }[] = [];
  readonly logins: { address: string; credentials: Credentials }[] = [];

  pull: Distribution['pull'] = async (reference, options, op) => {
    this.pulls.push({ reference, options });
    if (reference.includes('missing'))
      throw notFound(`manifest for ${reference} not found: manifest unknown`);
    op.progress({ kind: 'status', id: 'latest', status: `Pulling from ${reference}` });
    if (reference.includes('broken')) throw refused();
    op.progress({ kind: 'status', id: 'aaaaaaaaaaaa', status: 'Pulling fs layer' });
    op.progress({ kind: 'status', id: 'aaaaaaaaaaaa', status: 'Downloading', current: 500, total: 1000 });
    op.progress({ kind: 'status', id: 'aaaaaaaaaaaa', status: 'Pull complete' });
    op.progress({ kind: 'status', status: `Digest: ${digest}` });
    op.progress({ kind: 'status', status: `Status: Downloaded newer image for ${reference}` });
  };

  push: Distribution['push'] = async (reference, options, op) => {
    this.pushes.push({ reference, options });
    if (reference.includes('missing'))
      throw notFound(`An image does not exist locally with the tag: ${reference}`);
    op.progress({ kind: 'status', status: `The push refers to repository [${reference}]` });
    if (reference.includes('broken')) throw refused();
    op.progress({ kind: 'result', value: { Tag: 'latest', Digest: digest, Size: manifestBytes.length } });
  };

  inspect: Distribution['inspect'] = async (reference) => {
    this.#check(reference);
    return {
      descriptor: { mediaType, digest, size: manifestBytes.length },
      platforms: [{ architecture: 'amd64', os: 'linux' }],
    };
  };

  manifest: Distribution['manifest'] = async (reference) => {
    this.#check(reference);
    return { mediaType, digest, bytes: manifestBytes };
  };

  search: Distribution['search'] = async (term, { limit, filters, credentials }) => {
    this.searches.push({ term, limit, filters, credentials });
    return [
      { name: 'busybox', description: 'Busybox base image.', stars: 30, official: true, automated: false },
    ];
  };

  login: Distribution['login'] = async (address, credentials) => {
    this.logins.push({ address, credentials });
    if (credentials.kind !== 'basic' || credentials.password === 'wrong') throw refused();
    return { status: 'Login Succeeded', identityToken: credentials.password === 'token' ? 'refresh' : '' };
  };

  #check(reference: string): void {
    if (reference.includes('missing'))
      throw notFound(`manifest for ${reference} not found: manifest unknown`);
  }
}
