/** Stands where builds will be. */
import type { Builds } from '../build/model.ts';
import { unsupported } from '../lib/errors.ts';

const refuse = async (): Promise<never> => {
  throw unsupported('image build is not supported yet by this version of gantry');
};

export const noBuilds: Builds = {
  addContext: refuse,
  build: refuse,
  usage: async () => [],
  prune: async () => ({ removed: [], space: 0 }),
};
