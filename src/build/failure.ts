import { EngineError } from '../lib/errors.ts';

/** The process of a RUN did not end well. Docker's text. */
export class StepFailed extends EngineError {
  constructor(
    command: string,
    readonly code: number,
  ) {
    super('invalid', `The command '${command}' returned a non-zero code: ${code}`);
    this.name = 'StepFailed';
  }
}
