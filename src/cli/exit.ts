/** Every exit code of the command line, and the rules that derive one from an error. */

export const exitCode = {
  success: 0,
  failure: 1,
  /** `events` with a template that does not parse. */
  badTemplate: 64,
  /** The command line could not be understood, or the daemon refused to make or start the container. */
  usage: 125,
  cannotInvoke: 126,
  notFound: 127,
  interrupted: 130,
  brokenPipe: 141,
} as const;

/** Ends the command: `message` goes to standard error as it is (nothing when empty), `code` to the shell. */
export class ExitError extends Error {
  constructor(
    message: string,
    readonly code: number = exitCode.failure,
  ) {
    super(message);
    this.name = 'ExitError';
  }
}

export function isExitError(error: unknown): error is ExitError {
  return error instanceof ExitError;
}

export function exitCodeOf(error: unknown): number {
  return isExitError(error) ? error.code : exitCode.failure;
}

/** The code of `run` and `start` when the daemon cannot start a container; Docker clients derive it from these very texts. */
export function startFailureCode(message: string): number {
  const text = message.toLowerCase();
  const has = (part: string) => text.includes(part);
  if (
    has('executable file not found') ||
    has('no such file or directory') ||
    has('system cannot find the file')
  )
    return exitCode.notFound;
  if (has('permission denied') || has('is a directory')) return exitCode.cannotInvoke;
  return exitCode.usage;
}

export function codeOfSignal(signal: number): number {
  return 128 + signal;
}
