/** The ARGs that exist before any stage: the platforms', and those above the first FROM. */

import type { Platform } from '../../oci/image.ts';
import { formatPlatform } from '../../oci/platform.ts';
import type { Dockerfile } from './dockerfile.ts';
import { locating } from './error.ts';
import { expand, type Variables } from './shell/lexer.ts';

/** What the user of a build brings along. */
export interface BuildArguments {
  /** --build-arg */
  buildArgs: Variables;
  /** Where the build runs. */
  buildPlatform: Platform;
  /** What it is built for: --platform, or the former. */
  targetPlatform: Platform;
  /** --target; null = the last stage. */
  target: string | null;
}

export interface GlobalArgs {
  /** What `$x` means in FROM, and what `ARG x` without a value means in a stage. */
  values: Variables;
  /** Every name that is declared, with a value or without: it may be used in FROM. */
  declared: ReadonlySet<string>;
  buildArgs: Variables;
}

function platformArgs(dockerfile: Dockerfile, options: BuildArguments): Map<string, string> {
  const { buildPlatform, targetPlatform, target, buildArgs } = options;
  const values = new Map<string, string>();
  const of = (prefix: string, platform: Platform) => {
    values.set(`${prefix}PLATFORM`, formatPlatform(platform));
    values.set(`${prefix}OS`, platform.os);
    values.set(`${prefix}OSVERSION`, platform['os.version'] ?? '');
    values.set(`${prefix}ARCH`, platform.architecture);
    values.set(`${prefix}VARIANT`, platform.variant ?? '');
  };
  of('BUILD', buildPlatform);
  of('TARGET', targetPlatform);
  values.set('TARGETSTAGE', target ?? dockerfile.stages.at(-1)?.name ?? 'default');
  for (const name of values.keys()) {
    const given = buildArgs.get(name);
    if (given !== undefined) values.set(name, given);
  }
  return values;
}

/** A default may use the ARGs above it. Throws DockerfileError for one that cannot be expanded, unless --build-arg replaces it. */
export function globalArgs(dockerfile: Dockerfile, options: BuildArguments): GlobalArgs {
  const values = platformArgs(dockerfile, options);
  const declared = new Set(values.keys());
  for (const { declarations, location } of dockerfile.metaArgs)
    locating(dockerfile, location, () => {
      for (const { name, value } of declarations) {
        const ours = () =>
          value === null ? undefined : expand(value, values, { escapeToken: dockerfile.escapeToken }).text;
        const final = options.buildArgs.get(name) ?? ours();
        if (final !== undefined) values.set(name, final);
        declared.add(name);
      }
    });
  return { values, declared, buildArgs: options.buildArgs };
}
