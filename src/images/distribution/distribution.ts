import { invalid } from '../../lib/errors.ts';
import type { Operational } from '../../lib/op.ts';
import { familiarName, parseReference, withTag } from '../../lib/reference.ts';
import type { Credentials, Registries, RemoteManifest } from '../../registry/client/model.ts';
import { helloName, importHello } from '../hello.ts';
import type { ImageStore } from '../store.ts';
import type { DistributionContext } from './context.ts';
import { Downloads } from './downloads.ts';
import { inspectRemote } from './inspect.ts';
import type { Distribution, PullOptions, PushOptions } from './model.ts';
import { pullError, pullImages } from './pull.ts';
import { pushImages } from './push.ts';
import { searchImages } from './search.ts';

export interface DistributionParts {
  images: ImageStore;
  registries: Registries;
  /** The program of the built-in image. */
  hello: string;
  maxDownloads: number;
  maxUploads: number;
}

/** Images and registries. */
export class ImageDistribution implements Distribution {
  readonly #context: DistributionContext;

  constructor(private readonly parts: DistributionParts) {
    const { images, registries, maxDownloads, maxUploads } = parts;
    const downloads = new Downloads(images.context.content, images.context.log, maxDownloads);
    this.#context = { images: images.context, registries, downloads, maxUploads };
  }

  async pull(reference: string, options: PullOptions, op: Operational): Promise<void> {
    const name = parseReference(reference);
    if (familiarName(withTag(name)) === helloName && !options.allTags) return this.#buildHello(op);
    return pullImages(this.#context, name, options, op);
  }

  /** The one image that every gantry has in itself: made when it is first asked for, so nobody's list shows it unasked. */
  async #buildHello(op: Operational): Promise<void> {
    op.progress({ kind: 'status', status: `Building up ${helloName}, which is built in` });
    await importHello(this.parts.images, this.parts.hello, op);
  }

  async push(reference: string, options: PushOptions, op: Operational): Promise<void> {
    const name = parseReference(reference);
    if (options.allTags && name.tag !== null) throw invalid("tag can't be used with --all-tags/-a");
    return pushImages(this.#context, name, options, op);
  }

  async inspect(reference: string, credentials: Credentials, signal: AbortSignal) {
    return inspectRemote(this.#remote(reference, credentials), signal);
  }

  async manifest(reference: string, credentials: Credentials, signal: AbortSignal): Promise<RemoteManifest> {
    const { remote, name, tag } = this.#remote(reference, credentials);
    try {
      return await remote.manifest(tag, signal);
    } catch (error) {
      throw pullError(error, name);
    }
  }

  #remote(reference: string, credentials: Credentials) {
    const name = withTag(parseReference(reference));
    const remote = this.parts.registries.repository(name, { credentials, actions: 'pull' });
    return { remote, name, tag: name.digest ?? name.tag ?? 'latest' };
  }

  search: Distribution['search'] = (term, options, signal) =>
    searchImages(this.parts.registries, term, options, signal);

  login: Distribution['login'] = (address, credentials, signal) =>
    this.parts.registries.login(address, credentials, signal);
}
