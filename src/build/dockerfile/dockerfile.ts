/**
 * The Dockerfile language, for who builds with it. In the order of use:
 *
 * 1. `parseDockerfile` reads the text: directives, ARGs above the first FROM, stages with their instructions, all typed and
 *    unexpanded.
 * 2. `globalArgs` computes what FROM may use, from --build-arg and the platforms.
 * 3. `resolveStages` expands each FROM: every stage's base is then `scratch`, another stage, or an image.
 * 4. `neededStages` says which stages a target takes, in an order in which they can be built. When an image that turns out to
 *    carry ONBUILD triggers has been loaded, ask again with those: they may need further stages.
 * 5. For each of them a `Scope` goes along: `Scope.ofImage` (or `fork` of the base stage's last one), and for each instruction
 *    of `instructionsOf`: ARG -> `declareArgs`; anything else -> `expandFor`, act on the result, ENV -> `scope.setEnv`.
 * 6. `checkDockerfile` gives Docker's build checks; it needs no build.
 *
 * Everything here is pure. All that is thrown for a Dockerfile is a DockerfileError (kind `invalid`), whose message is
 * BuildKit's, with the lines concerned. Make your own with `refusal`.
 */
import { type CheckOptions, parseCheckOptions } from './checks/options.ts';
import { locating, type SourceFile } from './error.ts';
import type { Arg } from './instructions/model.ts';
import type { Directive, DirectiveKey } from './lines/directives.ts';
import { readNodes } from './lines/nodes.ts';
import type { Location } from './location.ts';
import type { EscapeToken } from './shell/lexer.ts';
import { readStages, type Stage } from './stages.ts';

export { type CheckInput, checkDockerfile, checkFailure, type Warning } from './checks/check.ts';
export { type CheckOptions, parseCheckOptions, selects } from './checks/options.ts';
export { DockerfileError, refusal } from './error.ts';
export { expandFor } from './expand-for.ts';
export { type ImageTriggers, instructionsOf, neededStages, referenceOf } from './graph.ts';
export type * from './instructions/model.ts';
export type * from './instructions/mount-model.ts';
export { type Heredoc, heredocText } from './lines/heredoc.ts';
export type { Location } from './location.ts';
export { type BuildArguments, type GlobalArgs, globalArgs } from './platform-args.ts';
export { type Base, type ResolvedStage, resolveStages } from './resolve.ts';
export { type ArgValue, proxyVariables, Scope } from './scope.ts';
export type { EscapeToken, Variables } from './shell/lexer.ts';
export { parseTrigger, type Stage } from './stages.ts';

export interface Dockerfile extends SourceFile {
  /** The value of `# syntax=`, the image of a frontend; null = none. gantry has its own and need not obey. */
  syntax: string | null;
  escapeToken: EscapeToken;
  /** What `# check=` says. */
  check: CheckOptions;
  /** ARG above the first FROM. */
  metaArgs: readonly Arg[];
  /** At least one; `stages[n].index === n`. */
  stages: readonly Stage[];
  /** Where an instruction is continued by an empty line, for the checks. */
  emptyContinuations: readonly Location[];
}

/** `filename` is what messages call the file: "Dockerfile" unless given. Throws DockerfileError. */
export function parseDockerfile(text: string, options: { filename?: string } = {}): Dockerfile {
  const file: SourceFile = { filename: options.filename ?? 'Dockerfile', text };
  const nodes = readNodes(file);
  const directive = (key: DirectiveKey) => nodes.directives.find((candidate) => candidate.key === key);
  return {
    ...file,
    syntax: directive('syntax')?.value ?? null,
    escapeToken: nodes.escapeToken,
    check: readCheck(file, directive('check')),
    ...readStages(file, nodes),
    emptyContinuations: nodes.emptyContinuations,
  };
}

function readCheck(file: SourceFile, directive: Directive | undefined): CheckOptions {
  if (directive === undefined) return parseCheckOptions('');
  // Only what stands before the first blank counts, as in BuildKit.
  const [value = ''] = directive.value.trim().split(' ', 1);
  return locating(file, directive.location, () => parseCheckOptions(value));
}
