/** SOURCE_DATE_EPOCH: of the environment, unless a build argument says otherwise. https://reproducible-builds.org/specs/source-date-epoch/ */
import { ExitError } from '../exit.ts';

const name = 'SOURCE_DATE_EPOCH';

/** Puts it among the arguments, where a Dockerfile may ask for it. */
export function withEpoch(
  args: Record<string, string>,
  env: NodeJS.ProcessEnv = process.env,
): Record<string, string> {
  const own = env[name];
  return own === undefined || own === '' || name in args ? args : { ...args, [name]: own };
}

export function epochOf(args: Record<string, string>): number | undefined {
  const text = args[name] ?? '';
  if (text === '') return undefined;
  if (!/^\d{1,15}$/.test(text)) throw new ExitError(`invalid ${name}: ${text}`);
  return Number(text);
}
