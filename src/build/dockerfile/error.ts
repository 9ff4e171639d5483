/** Errors in a Dockerfile, first without and then with their place in the file. */
import { EngineError } from '../../lib/errors.ts';
import { type Caret, excerpt, findCaret, type Location } from './location.ts';

/**
 * What is wrong with a line, thrown where nobody knows yet which line it is. `locate` turns it into a DockerfileError.
 * BuildKit prefixes "dockerfile parse error on line N: " to what its instruction parser refuses, and only to that.
 */
export class Problem extends EngineError {
  constructor(
    message: string,
    /** The words of the line to point at; null = the line as a whole. */
    readonly at: string | null,
    readonly prefixed: boolean,
  ) {
    super('invalid', message);
    this.name = 'Problem';
  }
}

/** Refused while reading an instruction. */
export const problem = (message: string, at: string | null = null): Problem => new Problem(message, at, true);

/** Refused before or after that: while lines are put together, while variables are expanded. */
export const plainProblem = (message: string, at: string | null = null): Problem =>
  new Problem(message, at, false);

/** The only error that this folder lets out. `message` is BuildKit's text. */
export class DockerfileError extends EngineError {
  constructor(
    message: string,
    readonly filename: string,
    readonly location: Location,
    readonly caret: Caret | null,
    /** The lines concerned, for a terminal: several lines that end in a newline; see location.ts. */
    readonly excerpt: string,
  ) {
    super('invalid', message);
    this.name = 'DockerfileError';
  }
}

/** A text and the name it goes by in messages ("Dockerfile"). */
export interface SourceFile {
  filename: string;
  text: string;
}

/** Gives a refusal its place. What has one already, and what is no refusal, is passed on as it is. */
export function locate(error: unknown, file: SourceFile, location: Location): unknown {
  if (!(error instanceof EngineError) || error.kind !== 'invalid' || error instanceof DockerfileError)
    return error;
  if (!(error instanceof Problem)) return refusal(file, location, error.message);
  const prefix = error.prefixed ? `dockerfile parse error on line ${location.start}: ` : '';
  return refusal(file, location, prefix + error.message, error.at);
}

/** For who acts on instructions: a refusal of one of them, with the words of its lines to point at, if any. */
export function refusal(
  file: SourceFile,
  location: Location,
  message: string,
  at: string | null = null,
): DockerfileError {
  const caret = at === null ? null : findCaret(file.text, location, at);
  const lines = excerpt(file.text, file.filename, location, caret);
  return new DockerfileError(message, file.filename, location, caret, lines);
}

/** Runs `body`; what it refuses is at `location`. */
export function locating<T>(file: SourceFile, location: Location, body: () => T): T {
  try {
    return body();
  } catch (error) {
    throw locate(error, file, location);
  }
}
