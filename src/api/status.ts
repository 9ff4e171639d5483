/** The only place that knows HTTP status numbers of errors. */
import { EngineError, type ErrorKind, messageOf, originalOf } from '../lib/errors.ts';

const statuses: Record<ErrorKind, number> = {
  notFound: 404,
  conflict: 409,
  invalid: 400,
  notModified: 304,
  forbidden: 403,
  unauthorized: 401,
  unavailable: 503,
  unsupported: 501,
  internal: 500,
};

export interface Failure {
  status: number;
  message: string;
  /** Of the process that a step of a build has failed with. */
  exitCode: number | null;
}

/** What the client is told about anything thrown. */
export function failureOf(thrown: unknown): Failure {
  const error = originalOf(thrown);
  return {
    status: error instanceof EngineError ? statuses[error.kind] : 500,
    message: messageOf(error),
    exitCode: error instanceof Error && 'code' in error && typeof error.code === 'number' ? error.code : null,
  };
}
