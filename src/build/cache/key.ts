/** What a step is told apart by: everything that its result depends on, and no time. */
import { digestOf } from '../../lib/ids.ts';

/** Raised whenever the same inputs lead to another result than before. */
const version = 1;

export type KeyPart =
  | string
  | number
  | boolean
  | null
  | readonly KeyPart[]
  | { readonly [name: string]: KeyPart };

/** `chain`: of the layers that the step stands on; null for none. */
export const stepKey = (kind: string, chain: string | null, inputs: KeyPart): string =>
  digestOf(JSON.stringify([version, kind, chain, inputs]));
