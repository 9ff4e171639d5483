/** Build arguments that mean something to the builder, as in BuildKit. They are arguments of the Dockerfile as well. */
import { invalid } from '../../lib/errors.ts';
import { parseBool } from '../http/query.ts';

/** The build argument that says how late times in the image may be, https://reproducible-builds.org/specs/source-date-epoch/. */
export function epochOf(args: ReadonlyMap<string, string>): number | null {
  const text = args.get('SOURCE_DATE_EPOCH') ?? '';
  if (text === '') return null;
  if (!/^\d{1,15}$/.test(text)) throw invalid(`invalid SOURCE_DATE_EPOCH: ${text}`);
  return Number(text);
}

export const hasInlineCache = (args: ReadonlyMap<string, string>): boolean =>
  parseBool(args.get('BUILDKIT_INLINE_CACHE') ?? '') ?? false;
