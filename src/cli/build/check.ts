/** `build --check`: Docker's build checks of a Dockerfile that is here. It needs no daemon. */
import {
  checkDockerfile,
  type Dockerfile,
  DockerfileError,
  parseCheckOptions,
  parseDockerfile,
  type Warning,
} from '../../build/dockerfile/dockerfile.ts';
import { excerpt } from '../../build/dockerfile/location.ts';
import { hostPlatform, parsePlatform } from '../../oci/platform.ts';
import { ExitError, exitCode } from '../exit.ts';
import { writeOut } from '../terminal/output.ts';
import { type IgnoreFile, readSelection } from './ignore.ts';
import type { Source } from './source.ts';

export interface CheckRequest {
  args: Record<string, string>;
  /** "" = all stages. */
  target: string;
  platform: string;
}

/** 1 when there is something to say. What a build would refuse is said after the warnings. */
export function runCheck({ files, dockerfile: source }: Source, request: CheckRequest): number {
  if (source.kind === 'there')
    throw new ExitError('--check needs the Dockerfile here: it cannot look into an archive or a URL');
  const dockerfile = parsed(source.text, source.name);
  const selection = files.kind === 'directory' ? readSelection(files.path, source.path) : null;
  const { warnings, refusal } = check(dockerfile, selection, request);
  if (warnings.length > 0 || refusal === null) writeOut(reportOf(dockerfile, warnings));
  if (refusal !== null) throw refused(refusal);
  return warnings.length === 0 ? exitCode.success : exitCode.failure;
}

const refused = ({ excerpt: lines, message }: DockerfileError) => new ExitError(`${lines}ERROR: ${message}`);

function parsed(text: string, filename: string): Dockerfile {
  try {
    return parseDockerfile(text, { filename });
  } catch (error) {
    if (error instanceof DockerfileError) throw refused(error);
    throw error;
  }
}

function check(dockerfile: Dockerfile, selection: IgnoreFile | null, request: CheckRequest) {
  const { args, target, platform } = request;
  const options = args.BUILDKIT_DOCKERFILE_CHECK;
  const { warnings, refusal } = checkDockerfile(dockerfile, {
    buildArgs: new Map(Object.entries(args)),
    buildPlatform: hostPlatform(),
    targetPlatform: parsePlatform(platform),
    target: target === '' ? null : target,
    isIgnored: selection?.hasExceptions ? null : (selection?.ignores ?? null),
    ...(options !== undefined && { options: parseCheckOptions(options) }),
  });
  return { warnings: warnings.toSorted((a, b) => a.location.start - b.location.start), refusal };
}

export function reportOf(dockerfile: Dockerfile, warnings: readonly Warning[]): string {
  if (warnings.length === 0) return 'Check complete, no warnings found.\n';
  const found =
    warnings.length === 1 ? '1 warning has been found!' : `${warnings.length} warnings have been found!`;
  return `Check complete, ${found}\n${warnings.map((warning) => warningText(dockerfile, warning)).join('')}`;
}

function warningText({ text, filename }: Dockerfile, { rule, url, message, location }: Warning): string {
  const head = url === '' ? rule : `${rule} - ${url}`;
  return `\nWARNING: ${head}\n${message}\n${excerpt(text, filename, location, null)}`;
}
