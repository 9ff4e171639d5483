/** The few ways in which a request can fail. Only `api/status` maps them to HTTP, only `cli/exit` to exit codes. */
export type ErrorKind =
  | 'notFound'
  | 'conflict'
  | 'invalid'
  | 'notModified'
  | 'forbidden'
  | 'unauthorized'
  | 'unavailable'
  | 'unsupported'
  | 'internal';

/** The one error type of the engine. `message` is what the user reads: Docker's own text where it has one. */
export class EngineError extends Error {
  constructor(
    readonly kind: ErrorKind,
    message: string,
    options?: { cause?: unknown },
  ) {
    super(message, options);
    this.name = 'EngineError';
  }
}

type Maker = (message: string, options?: { cause?: unknown }) => EngineError;
const maker =
  (kind: ErrorKind): Maker =>
  (message, options) =>
    new EngineError(kind, message, options);

export const notFound = maker('notFound');
export const conflict = maker('conflict');
export const invalid = maker('invalid');
export const notModified = maker('notModified');
export const forbidden = maker('forbidden');
export const unauthorized = maker('unauthorized');
export const unavailable = maker('unavailable');
export const unsupported = maker('unsupported');
export const internal = maker('internal');

/** What went wrong first, where what was to be tidied up afterwards went wrong too. */
export function originalOf(error: unknown): unknown {
  return error instanceof SuppressedError ? originalOf(error.suppressed) : error;
}

/** The text of anything thrown. */
export function messageOf(thrown: unknown): string {
  const error = originalOf(thrown);
  return error instanceof Error ? error.message : String(error);
}

export function isKind(error: unknown, kind: ErrorKind): error is EngineError {
  return error instanceof EngineError && error.kind === kind;
}
