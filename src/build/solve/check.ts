/** Docker's build checks, in a build. */
import type { ImageConfig } from '../../oci/image.ts';
import { hostPlatform, parsePlatform } from '../../oci/platform.ts';
import {
  checkDockerfile,
  checkFailure,
  type Dockerfile,
  parseCheckOptions,
  selects,
} from '../dockerfile/dockerfile.ts';
import type { BuildRequest } from '../model.ts';
import type { Reporter } from '../report.ts';

/** What is only known once the build has begun. */
export interface Known {
  imageOf: (name: string) => ImageConfig | null;
  /** Asked for only where a check needs it; null: nothing can be said. */
  ignores: () => Promise<((path: string) => boolean) | null>;
}

export const buildArguments = ({ args, target, platform }: BuildRequest) => ({
  buildArgs: args,
  target: target === '' ? null : target,
  buildPlatform: hostPlatform(),
  targetPlatform: parsePlatform(platform),
});

/** Tells the warnings; throws when the file says that they are errors. */
export async function checkBuild(
  dockerfile: Dockerfile,
  request: BuildRequest,
  reporter: Reporter,
  { imageOf, ignores }: Known,
): Promise<void> {
  const given = request.args.get('BUILDKIT_DOCKERFILE_CHECK');
  const options = given === undefined ? dockerfile.check : parseCheckOptions(given);
  const isIgnored = selects(options.experimental, 'CopyIgnoredFile') ? await ignores() : null;
  const { warnings } = checkDockerfile(dockerfile, {
    ...buildArguments(request),
    options,
    imageOf,
    isIgnored,
  });
  for (const warning of warnings) reporter.report({ kind: 'warning', warning });
  const failure = checkFailure(options, warnings);
  if (failure !== null) throw failure;
}
