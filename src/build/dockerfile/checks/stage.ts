/** Checks of what happens in a stage, instruction by instruction, with the values that variables have there. */
import { posix } from 'node:path';
import { cleanPath } from '../../../lib/clean-path.ts';
import type { Dockerfile } from '../dockerfile.ts';
import { expandFor } from '../expand-for.ts';
import type { Arg, ExpandedExpose, ExpandedInstruction, Instruction, Pair } from '../instructions/model.ts';
import type { GlobalArgs } from '../platform-args.ts';
import type { Scope } from '../scope.ts';
import { didYouMean } from '../suggest.ts';
import { quote } from '../text.ts';
import type { Reporter } from './reporter.ts';
import { looksSecret } from './secrets.ts';

/** What the checks of a stage remember; a stage built on this one begins with a copy. */
export interface StageState {
  scope: Scope;
  /** False: the base image is unknown, so nothing is said of variables that it may set. */
  complete: boolean;
  /** SHELL was used, here or below. */
  hasShell: boolean;
  hasWorkdir: boolean;
}

export interface StageContext {
  dockerfile: Dockerfile;
  globals: GlobalArgs;
  reporter: Reporter;
  isIgnored: ((path: string) => boolean) | null;
}

/** Runs through the instructions and leaves the state as it is at the end. */
export function checkStage(
  context: StageContext,
  state: StageState,
  instructions: readonly Instruction[],
): void {
  checkRepeated(instructions, context.reporter);
  for (const instruction of instructions) {
    if (instruction.kind === 'arg') checkArg(context, state, instruction);
    else {
      const expanded = context.reporter.attempt(() =>
        expandFor(context.dockerfile, instruction, state.scope),
      );
      if (expanded === null) continue;
      reportUnset(context, state, instruction, expanded.unset);
      checkExpanded(context, state, expanded.instruction);
    }
  }
}

/** The earlier ones are reported: they are what has no effect. */
function checkRepeated(instructions: readonly Instruction[], reporter: Reporter): void {
  const previous = new Map<string, Instruction>();
  for (const instruction of instructions) {
    if (!['cmd', 'entrypoint', 'healthcheck'].includes(instruction.kind)) continue;
    const before = previous.get(instruction.kind);
    if (before !== undefined)
      reporter.warn(
        'MultipleInstructionsDisallowed',
        before,
        `Multiple ${instruction.keyword} instructions should not be used in the same stage because only the last one will be used`,
      );
    previous.set(instruction.kind, instruction);
  }
}

function checkArg(
  { dockerfile, globals, reporter, ...rest }: StageContext,
  state: StageState,
  arg: Arg,
): void {
  for (const { name } of arg.declarations) checkSecret('ARG', name, arg, reporter);
  const result = reporter.attempt(() => state.scope.declareArgs(dockerfile, arg, globals));
  if (result !== null) reportUnset({ dockerfile, globals, reporter, ...rest }, state, arg, result.unset);
}

function reportUnset(
  { reporter }: StageContext,
  state: StageState,
  subject: Instruction,
  names: string[],
): void {
  if (!state.complete) return;
  for (const name of new Set(names))
    reporter.warn(
      'UndefinedVar',
      subject,
      `Usage of undefined variable '$${name}'${reporter.warnings.length < suggestions ? suggestion(name, state.scope) : ''}`,
    );
}

/** Nobody reads more, and looking for them takes its time. */
const suggestions = 50;

function suggestion(name: string, scope: Scope): string {
  return didYouMean(name, scope.variables.keys()).replace('mean ', 'mean $');
}

function checkExpanded(context: StageContext, state: StageState, instruction: ExpandedInstruction): void {
  const { reporter } = context;
  switch (instruction.kind) {
    case 'env':
      checkPairs(instruction, reporter);
      for (const { key } of instruction.pairs) checkSecret('ENV', key, instruction, reporter);
      state.scope.setEnv(instruction.pairs);
      return;
    case 'label':
      checkPairs(instruction, reporter);
      return;
    case 'shell':
      state.hasShell = true;
      return;
    case 'cmd':
    case 'entrypoint':
      if (instruction.command.form === 'shell' && !state.hasShell)
        reporter.warn(
          'JSONArgsRecommended',
          instruction,
          `JSON arguments recommended for ${instruction.keyword} to prevent unintended behavior related to OS signals`,
        );
      return;
    case 'workdir':
      if (!state.hasWorkdir && !posix.isAbsolute(instruction.path))
        reporter.warn(
          'WorkdirRelativePath',
          instruction,
          `Relative workdir ${quote(instruction.path)} can have unexpected results if the base image changes`,
        );
      state.hasWorkdir = true;
      return;
    case 'copy':
      if (instruction.from === null) checkIgnored('Copy', instruction, context);
      return;
    case 'add':
      checkIgnored('Add', instruction, context);
      return;
    case 'expose':
      checkPorts(instruction, reporter);
  }
}

function checkPairs(subject: ExpandedInstruction & { pairs: readonly Pair[] }, reporter: Reporter): void {
  const name = subject.keyword;
  if (subject.pairs.some(({ legacy }) => legacy))
    reporter.warn(
      'LegacyKeyValueFormat',
      subject,
      `"${name} key=value" should be used instead of legacy "${name} key value" format`,
    );
}

function checkSecret(
  name: 'ARG' | 'ENV',
  key: string,
  subject: Instruction | ExpandedInstruction,
  reporter: Reporter,
): void {
  if (looksSecret(key))
    reporter.warn(
      'SecretsUsedInArgOrEnv',
      subject,
      `Do not use ARG or ENV instructions for sensitive data (${name} ${quote(key)})`,
    );
}

const remote = /^(?:[a-z][a-z0-9+.-]*:\/\/|git@)/i;

function checkIgnored(
  verb: 'Copy' | 'Add',
  subject: ExpandedInstruction & { sources: readonly string[] },
  { isIgnored, reporter }: StageContext,
): void {
  for (const source of subject.sources) {
    if (verb === 'Add' && remote.test(source)) continue;
    const path = cleanPath(source);
    // All of it is never nothing of it.
    if (path !== '.' && path !== '/' && (isIgnored?.(path) ?? false))
      reporter.warn(
        'CopyIgnoredFile',
        subject,
        `Attempting to ${verb} file ${quote(path)} that is excluded by .dockerignore`,
      );
  }
}

function checkPorts(subject: ExpandedExpose, reporter: Reporter): void {
  for (const port of subject.oddCasing)
    reporter.warn(
      'ExposeProtoCasing',
      subject,
      `Defined protocol '${port}' in EXPOSE instruction should be lowercase`,
    );
  for (const port of subject.oddFormat)
    reporter.warn(
      'ExposeInvalidFormat',
      subject,
      `EXPOSE instruction should not define an IP address or host-port mapping, found '${port}'`,
    );
}
