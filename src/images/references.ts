/** What the images noun adds to references: an argument may as well be an id. */
import type { Digest } from '../lib/ids.ts';
import { type ImageName, parseReference } from '../lib/reference.ts';

const hex64 = /^[0-9a-f]{64}$/;

/** What a command's argument can mean: an id for certain, or a name that may as well be the beginning of an id. */
export type AnyReference = { kind: 'id'; digest: Digest } | { kind: 'name'; name: ImageName };

export function parseAnyReference(text: string): AnyReference {
  if (hex64.test(text)) return { kind: 'id', digest: `sha256:${text}` as Digest };
  if (/^sha256:[0-9a-f]{64}$/.test(text)) return { kind: 'id', digest: text as Digest };
  return { kind: 'name', name: parseReference(text) };
}
