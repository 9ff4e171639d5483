/** All checks of a file. */

import { type EngineError, invalid } from '../../../lib/errors.ts';
import type { ImageConfig } from '../../../oci/image.ts';
import { formatPlatform } from '../../../oci/platform.ts';
import type { Dockerfile } from '../dockerfile.ts';
import type { DockerfileError } from '../error.ts';
import { instructionsOf, neededStages } from '../graph.ts';
import type { From } from '../instructions/model.ts';
import { type BuildArguments, globalArgs } from '../platform-args.ts';
import { type ResolvedStage, resolveStages } from '../resolve.ts';
import { Scope } from '../scope.ts';
import { checkDefaults, checkFroms } from './from.ts';
import type { CheckOptions } from './options.ts';
import { Reporter, type Warning } from './reporter.ts';
import { checkStage, type StageContext, type StageState } from './stage.ts';
import { checkSyntax } from './syntax.ts';

export type { Warning } from './reporter.ts';

export interface CheckInput extends BuildArguments {
  /** In place of what the file itself says: the build argument BUILDKIT_DOCKERFILE_CHECK. */
  options?: CheckOptions;
  /** The config of a base image, if it is known; without it nothing is said of undefined variables in its stages. */
  imageOf?: (name: string) => ImageConfig | null;
  /**
   * Whether .dockerignore excludes a path of the context ("src/app.ts"). null = there is no such file, or it has exceptions
   * ("!"), of which nothing can be said without the files.
   */
  isIgnored?: ((path: string) => boolean) | null;
}

export interface Checked {
  warnings: readonly Warning[];
  /** Why a build would refuse the file; null: for no reason that is in it. */
  refusal: DockerfileError | null;
}

/**
 * Warnings, not in the order of the lines: first those of the writing, then those of each stage. With a target, only the stages that it
 * needs are walked through; `target: null` checks all of them. What a build would refuse half-way is checked as far as it goes.
 */
export function checkDockerfile(dockerfile: Dockerfile, input: CheckInput): Checked {
  const reporter = new Reporter(input.options ?? dockerfile.check);
  checkSyntax(dockerfile, reporter);
  checkDefaults(dockerfile, input, reporter);
  reporter.attempt(() => {
    const globals = globalArgs(dockerfile, input);
    checkFroms(dockerfile, globals, reporter);
    const resolved = resolveStages(dockerfile, globals);
    const needed = reporter.attempt(() => neededStages(dockerfile, resolved, input.target)) ?? [];
    const context: StageContext = { dockerfile, globals, reporter, isIgnored: input.isIgnored ?? null };
    checkStages(context, input, resolved, input.target === null ? resolved.keys() : needed);
  });
  return reporter;
}

function checkStages(
  context: StageContext,
  input: CheckInput,
  resolved: readonly ResolvedStage[],
  needed: Iterable<number>,
): void {
  const states = new Map<number, StageState>();
  for (const index of needed) {
    const stage = resolved[index];
    if (stage === undefined) continue;
    const state = begin(context, input, stage, states);
    states.set(index, state);
    checkStage(context, state, instructionsOf(context.dockerfile, stage));
  }
}

function begin(
  { reporter }: StageContext,
  input: CheckInput,
  { stage, base, platform }: ResolvedStage,
  states: ReadonlyMap<number, StageState>,
): StageState {
  const below = base.kind === 'stage' ? states.get(base.index) : undefined;
  if (below !== undefined) return { ...below, scope: below.scope.fork() };
  const image = base.kind === 'image' ? (input.imageOf?.(base.name) ?? null) : null;
  if (image !== null && base.kind === 'image')
    checkPlatform(stage.from, base.name, platform ?? input.targetPlatform, image, reporter);
  return {
    scope: Scope.ofImage(image?.config?.Env ?? []),
    complete: image !== null || base.kind === 'scratch',
    hasShell: (image?.config?.Shell?.length ?? 0) > 0,
    hasWorkdir: false,
  };
}

function checkPlatform(
  from: From,
  name: string,
  expected: BuildArguments['targetPlatform'],
  actual: ImageConfig,
  reporter: Reporter,
): void {
  if (expected.os === actual.os && expected.architecture === actual.architecture) return;
  reporter.warn(
    'InvalidBaseImagePlatform',
    from,
    `Base image ${name} was pulled with platform "${formatPlatform(actual)}", expected "${formatPlatform(expected)}" for current build`,
  );
}

/** What fails a build for its warnings, if `error=true` says so; else null. */
export function checkFailure(options: CheckOptions, warnings: readonly Warning[]): EngineError | null {
  if (!options.error || warnings.length === 0) return null;
  const names = [...new Set(warnings.map(({ rule }) => rule))];
  return invalid(`lint violation found for rules: ${names.join(', ')}`);
}
