/** What a client is told about a build that failed. The errors' classes are the builder's own; here they are known by what they carry. */
import { originalOf } from '../../lib/errors.ts';
import { failureOf } from '../status.ts';
import type { BuildErrorJson } from '../types/builds.ts';

/** See DockerfileError. */
function placeOf(error: unknown): BuildErrorJson['dockerfile'] | null {
  if (!(error instanceof Error && 'location' in error && 'excerpt' in error && 'filename' in error))
    return null;
  const { location, excerpt, filename } = error;
  if (typeof location !== 'object' || location === null) return null;
  if (!('start' in location && 'end' in location)) return null;
  return {
    filename: String(filename),
    start: Number(location.start),
    end: Number(location.end),
    excerpt: String(excerpt),
  };
}

export function buildErrorJson(thrown: unknown): BuildErrorJson {
  const error = originalOf(thrown);
  const { message, exitCode } = failureOf(error);
  const dockerfile = placeOf(error);
  return {
    message,
    ...(exitCode !== null && { exitCode }),
    ...(dockerfile && { dockerfile }),
  };
}
