/** Checks of FROM's variables. */

import { isKind } from '../../../lib/errors.ts';
import { parseReference } from '../../../lib/reference.ts';
import { parsePlatform } from '../../../oci/platform.ts';
import type { Dockerfile } from '../dockerfile.ts';
import type { From } from '../instructions/model.ts';
import { type BuildArguments, type GlobalArgs, globalArgs } from '../platform-args.ts';
import { expandFrom } from '../resolve.ts';
import type { Expansion } from '../shell/lexer.ts';
import type { Stage } from '../stages.ts';
import { didYouMean } from '../suggest.ts';
import { quote } from '../text.ts';
import type { Reporter } from './reporter.ts';

/** The value, or null if the Dockerfile is refused: that is told elsewhere. */
export function unlessRefused<T>(body: () => T): T | null {
  try {
    return body();
  } catch (error) {
    if (isKind(error, 'invalid')) return null;
    throw error;
  }
}

/** The base image's name must be one even if the user brings no --build-arg. */
export function checkDefaults(dockerfile: Dockerfile, options: BuildArguments, reporter: Reporter): void {
  const globals = unlessRefused(() => globalArgs(dockerfile, { ...options, buildArgs: new Map() }));
  if (globals === null) return;
  const stageNames = new Set(dockerfile.stages.map(({ name }) => name));
  for (const { from } of dockerfile.stages) {
    const name = unlessRefused(() => expandFrom(dockerfile, from.base, globals).text);
    if (name === null) return;
    if (!stageNames.has(name.toLowerCase()) && unlessRefused(() => parseReference(name)) === null)
      reporter.warn(
        'InvalidDefaultArgInFrom',
        from,
        `Default value for ARG ${from.base} results in empty or invalid base image name`,
      );
  }
}

export function checkFroms(dockerfile: Dockerfile, globals: GlobalArgs, reporter: Reporter): void {
  for (const stage of dockerfile.stages) {
    const { from } = stage;
    const base = unlessRefused(() => expandFrom(dockerfile, from.base, globals));
    if (base !== null) checkDeclared(from, base, globals, reporter);
    if (from.platform === null) continue;
    const written = from.platform;
    const platform = unlessRefused(() => expandFrom(dockerfile, written, globals));
    if (platform === null) continue;
    checkDeclared(from, platform, globals, reporter);
    checkRedundant(from, written, platform, globals, reporter);
    checkConstant(stage, platform, reporter);
  }
}

function checkDeclared(
  from: From,
  { unmatched }: Expansion,
  { declared }: GlobalArgs,
  reporter: Reporter,
): void {
  for (const name of unmatched)
    if (!declared.has(name))
      reporter.warn(
        'UndefinedArgInFrom',
        from,
        `FROM argument '${name}' is not declared${didYouMean(name, declared)}`,
      );
}

function checkRedundant(
  from: From,
  written: string,
  { matched, unmatched, text }: Expansion,
  { values }: GlobalArgs,
  reporter: Reporter,
): void {
  const only = matched.size === 1 && unmatched.size === 0 && matched.has('TARGETPLATFORM');
  if (only && text === values.get('TARGETPLATFORM'))
    reporter.warn(
      'RedundantTargetPlatform',
      from,
      `Setting platform to predefined ${written} in FROM is redundant as this is the default behavior`,
    );
}

/** A constant is fine in a stage whose name says so. */
function checkConstant(
  { from, name }: Stage,
  { matched, unmatched, text }: Expansion,
  reporter: Reporter,
): void {
  if (matched.size > 0 || unmatched.size > 0) return;
  const platform = unlessRefused(() => parsePlatform(text));
  if (platform === null) return;
  if (name?.includes(platform.os) || name?.includes(platform.architecture)) return;
  reporter.warn(
    'FromPlatformFlagConstDisallowed',
    from,
    `FROM --platform flag should not use constant value ${quote(text)}`,
  );
}
