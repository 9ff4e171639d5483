/** What each stage is built from. */
import type { Platform } from '../../oci/image.ts';
import { parsePlatform } from '../../oci/platform.ts';
import type { Dockerfile } from './dockerfile.ts';
import { locating, plainProblem } from './error.ts';
import type { GlobalArgs } from './platform-args.ts';
import { type Expansion, expand } from './shell/lexer.ts';
import type { Stage } from './stages.ts';
import { nearest } from './suggest.ts';

/** `image` is a name as written, not yet a reference: a --build-context of that name comes before any registry. */
export type Base = { kind: 'scratch' } | { kind: 'stage'; index: number } | { kind: 'image'; name: string };

export interface ResolvedStage {
  stage: Stage;
  base: Base;
  /** Of --platform; null = the target's. A stage built from a stage has that one's platform, whatever is written here. */
  platform: Platform | null;
}

/** Throws DockerfileError with BuildKit's texts. */
export function resolveStages(dockerfile: Dockerfile, globals: GlobalArgs): ResolvedStage[] {
  const indexes = new Map<string, number>();
  return dockerfile.stages.map((stage) =>
    locating(dockerfile, stage.from.location, () => {
      const name = expandFrom(dockerfile, stage.from.base, globals).text;
      if (name === '')
        throw plainProblem(`base name (${stage.from.base}) should not be blank`, stage.from.base);
      const index = indexes.get(name.toLowerCase());
      const platform =
        stage.from.platform === null ? null : readPlatform(dockerfile, stage.from.platform, globals);
      if (stage.name !== null) indexes.set(stage.name, stage.index);
      return { stage, base: baseOf(name, index), platform };
    }),
  );
}

/** A stage of that name comes before everything else. */
export function baseOf(name: string, index: number | undefined): Base {
  if (index !== undefined) return { kind: 'stage', index };
  return name === 'scratch' ? { kind: 'scratch' } : { kind: 'image', name };
}

/** A text of FROM, which sees nothing but the ARGs above the first one. */
export function expandFrom(
  { escapeToken }: Pick<Dockerfile, 'escapeToken'>,
  text: string,
  globals: Pick<GlobalArgs, 'values'>,
): Expansion {
  return expand(text, globals.values, { escapeToken });
}

function readPlatform(dockerfile: Dockerfile, written: string, globals: GlobalArgs): Platform {
  const { text, unmatched } = expandFrom(dockerfile, written, globals);
  const match = [...unmatched]
    .map((name) => nearest(name, globals.values.keys()))
    .find((name) => name !== null);
  const suggestion = match === undefined ? '' : ` (did you mean ${match}?)`;
  if (text === '')
    throw plainProblem(`empty platform value from expression ${written}${suggestion}`, written);
  try {
    return parsePlatform(text);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw plainProblem(`failed to parse platform ${written}: ${why}${suggestion}`, written);
  }
}
