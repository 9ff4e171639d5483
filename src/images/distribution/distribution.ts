import { unsupported } from '../../lib/errors.ts';
import type { Operational } from '../../lib/op.ts';
import { pullBuiltIn } from '../built-in.ts';
import type { ImageStore } from '../store.ts';
import type { Distribution, PullOptions } from './model.ts';

export interface DistributionParts {
  images: ImageStore;
  /** The program of the built-in image. */
  hello: string;
}

/** Images and registries. */
export class ImageDistribution implements Distribution {
  constructor(private readonly parts: DistributionParts) {}

  async pull(reference: string, _options: PullOptions, op: Operational): Promise<void> {
    return pullBuiltIn(this.parts.images, reference, this.parts.hello, op);
  }

  push: Distribution['push'] = async () => {
    throw unsupported('push: on its way');
  };
  inspect: Distribution['inspect'] = async () => {
    throw unsupported('inspect: on its way');
  };
  manifest: Distribution['manifest'] = async () => {
    throw unsupported('manifest: on its way');
  };
  search: Distribution['search'] = async () => {
    throw unsupported('search: on its way');
  };
  login: Distribution['login'] = async () => {
    throw unsupported('login: on its way');
  };
}
