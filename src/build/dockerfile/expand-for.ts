import type { Dockerfile } from './dockerfile.ts';
import { locating } from './error.ts';
import { Expander, expandInstruction } from './instructions/expand.ts';
import type { Arg, ExpandedInstruction, Instruction } from './instructions/model.ts';
import type { Scope } from './scope.ts';

/**
 * The instruction with its variables replaced, exactly where BuildKit replaces them, by what they are at this point of its
 * stage. `unset` lists the variables that are neither set nor declared. ARG is not for here: see `Scope.declareArgs`.
 */
export function expandFor(
  dockerfile: Pick<Dockerfile, 'filename' | 'text' | 'escapeToken'>,
  instruction: Exclude<Instruction, Arg>,
  scope: Scope,
): { instruction: ExpandedInstruction; unset: string[] } {
  return locating(dockerfile, instruction.location, () => {
    const expander = new Expander(scope.variables, dockerfile.escapeToken);
    const expanded = expandInstruction(instruction, expander);
    return { instruction: expanded, unset: scope.undeclared(expander.unmatched) };
  });
}
