import { invalid } from '../../lib/errors.ts';
import type { Digest } from '../../lib/ids.ts';
import { Download } from './download.ts';
import { firstOf } from './first-of.ts';
import type { Host } from './host.ts';
import type { Capability } from './hosts-toml.ts';
import { fetchManifest, putManifest, resolveManifest } from './manifests.ts';
import type { BlobSource, RemoteManifest, Repository } from './model.ts';
import { pushBlob } from './push-blob.ts';
import { pullScope, pushScope } from './scopes.ts';
import { namesOf } from './tags.ts';

/** Distribution-spec: what may stand between slashes of a request. */
const reference = /^(?:\w[\w.-]{0,127}|sha256:[0-9a-f]{64})$/;
const repositoryPath = /^[a-z0-9]+(?:[._-]+[a-z0-9]+)*(?:\/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*$/;

export class RemoteRepository implements Repository {
  readonly #scopes: readonly string[];

  constructor(
    private readonly hosts: readonly Host[],
    private readonly path: string,
    actions: 'pull' | 'push',
  ) {
    if (path.length > 255 || !repositoryPath.test(path))
      throw invalid(`invalid repository name: ${JSON.stringify(path)}`);
    this.#scopes = [actions === 'push' ? pushScope(path) : pullScope(path)];
  }

  manifest(wanted: string, signal: AbortSignal): Promise<RemoteManifest> {
    const hosts = this.#hosts(capabilityFor(wanted));
    return fetchManifest(hosts, this.path, checked(wanted), { scopes: this.#scopes, signal });
  }

  resolve(wanted: string, signal: AbortSignal): ReturnType<Repository['resolve']> {
    const hosts = this.#hosts(capabilityFor(wanted));
    return resolveManifest(hosts, this.path, checked(wanted), { scopes: this.#scopes, signal });
  }

  tags(signal: AbortSignal): AsyncIterable<string> {
    const path = `${this.path}/tags/list`;
    return namesOf(this.#hosts('resolve'), { path, field: 'tags', scopes: this.#scopes, signal });
  }

  blob(
    digest: Digest,
    { offset, size, signal }: { offset: number; size: number; signal: AbortSignal },
  ): Promise<{ offset: number; chunks: AsyncIterable<Uint8Array> }> {
    const options = { path: this.path, digest, size, scopes: this.#scopes, signal };
    return new Download(this.#hosts('pull'), options).start(offset);
  }

  async hasBlob(digest: Digest, signal: AbortSignal): Promise<boolean> {
    const hosts = this.#hosts('pull');
    const path = `${this.path}/blobs/${digest}`;
    return firstOf(hosts, signal, async (host) => {
      // A mirror that does not have it says nothing about the registry.
      const also = host === hosts.at(-1) ? [404] : [];
      const answer = await host.askOnce({ method: 'HEAD', path, also, scopes: this.#scopes, signal });
      answer.discard();
      return answer.status === 200;
    });
  }

  pushBlob(
    source: BlobSource,
    options: Parameters<Repository['pushBlob']>[1],
  ): ReturnType<Repository['pushBlob']> {
    return pushBlob(this.#pushHost(), this.path, source, options);
  }

  async pushManifest(wanted: string, manifest: RemoteManifest, signal: AbortSignal): Promise<void> {
    const common = { scopes: [pushScope(this.path)], signal };
    await putManifest(this.#pushHost(), this.path, checked(wanted), manifest, common);
  }

  #hosts(capability: Capability): Host[] {
    return this.hosts.filter(({ endpoint }) => endpoint.capabilities.includes(capability));
  }

  /** One host for all of a push: its parts refer to each other. */
  #pushHost(): Host {
    const [host] = this.#hosts('push');
    if (host === undefined) throw invalid(`no host for ${this.path} is allowed to be pushed to`);
    return host;
  }
}

/** What a tag means only those may say who are trusted to resolve. */
const capabilityFor = (wanted: string): Capability => (wanted.includes(':') ? 'pull' : 'resolve');

function checked(wanted: string): string {
  if (!reference.test(wanted)) throw invalid(`invalid reference: ${JSON.stringify(wanted)}`);
  return wanted;
}
