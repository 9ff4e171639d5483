/** `--security-opt`: seccomp profiles are read here, `systempaths=unconfined` becomes empty path lists. */
import { reasonOf } from './files.ts';

export interface Security {
  options: string[];
  /** True when no path of the container is to be masked or made read-only. */
  bareSystemPaths: boolean;
}

export async function parseSecurity(values: readonly string[]): Promise<Security> {
  const options = await Promise.all(values.map(readOption));
  const kept = options.filter((option) => option !== 'systempaths=unconfined');
  return { options: kept, bareSystemPaths: kept.length < options.length };
}

const bareOptions = new Set(['no-new-privileges', 'writable-cgroups']);

async function readOption(option: string): Promise<string> {
  const match = /^([^=]*)=([\s\S]*)$/.exec(option) ?? /^([^:]*):([\s\S]*)$/.exec(option);
  if (!match) {
    if (bareOptions.has(option)) return option;
    throw new Error(`Invalid --security-opt: ${JSON.stringify(option)}`);
  }
  const [, name, value = ''] = match;
  if (name !== 'seccomp' || value === 'unconfined' || value === 'builtin') return option;
  return `seccomp=${await readProfile(value)}`;
}

async function readProfile(path: string): Promise<string> {
  let text: string;
  try {
    text = await Bun.file(path).text();
  } catch (error) {
    throw new Error(`opening seccomp profile (${path}) failed: open ${path}: ${reasonOf(error)}`);
  }
  try {
    return JSON.stringify(JSON.parse(text));
  } catch (error) {
    throw new Error(`compacting json for seccomp profile (${path}) failed: ${reasonOf(error)}`);
  }
}
