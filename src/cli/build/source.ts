/** `PATH | URL | -` and `-f`: where the files and the Dockerfile come from. */
import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { absolutePath, reasonOf } from '../create/files.ts';
import { ExitError } from '../exit.ts';
import { splitInput } from './stdin.ts';

export type Files =
  /** `path`: absolute, without links. */
  | { kind: 'directory'; path: string }
  | { kind: 'archive'; bytes: AsyncIterable<Uint8Array> }
  | { kind: 'url'; url: string }
  | { kind: 'none' };

export interface Source {
  files: Files;
  /** Where the daemon finds it, or the file itself where it can be read here; `path`: of this machine. */
  dockerfile:
    | { kind: 'there'; path: string }
    | { kind: 'here'; text: string; name: string; path: string | null };
}

/** `file`: "" when no Dockerfile is named. */
export async function sourceOf(context: string, file: string): Promise<Source> {
  if (context === '-' && file === '-')
    throw new ExitError("invalid argument: can't use stdin for both build context and dockerfile");
  if (isUrl(context)) return remote(context, file);
  if (context === '-') return fromInput(file);
  const path = directoryOf(context);
  return file === '-' ? withText({ kind: 'directory', path }, await readInput()) : inDirectory(path, file);
}

/** A directory of that name comes first: `github.com/me/app` is one below a GOPATH. */
export const isUrl = (text: string): boolean =>
  /^(https?:\/\/|git:\/\/|ssh:\/\/|[\w.-]+@[^/:]+:|github\.com\/)/.test(text) && !isDirectory(text);

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

async function remote(url: string, file: string): Promise<Source> {
  if (file === '-') return withText({ kind: 'url', url }, await readInput());
  return { files: { kind: 'url', url }, dockerfile: inFiles(file) };
}

async function fromInput(file: string): Promise<Source> {
  const input = await splitInput(Bun.stdin.stream());
  if (input.kind === 'archive')
    return {
      files: { kind: 'archive', bytes: input.bytes },
      dockerfile: inFiles(file),
    };
  if (file !== '')
    throw new ExitError('ambiguous Dockerfile source: both stdin and flag correspond to Dockerfiles');
  return withText({ kind: 'none' }, input.text);
}

const readInput = async (): Promise<string> => new Response(Bun.stdin.stream()).text();

const inFiles = (file: string) => ({ kind: 'there', path: file || 'Dockerfile' }) as const;

const withText = (files: Files, text: string): Source => ({
  files,
  dockerfile: { kind: 'here', text, name: 'Dockerfile', path: null },
});

/** Absolute, without links. */
export function directoryOf(context: string): string {
  const missing = () => new ExitError(`unable to prepare context: path ${JSON.stringify(context)} not found`);
  try {
    if (statSync(context).isDirectory()) return realpathSync(context);
  } catch {
    throw missing();
  }
  throw new ExitError(`unable to prepare context: context must be a directory: ${absolutePath(context)}`);
}

/** A named one is looked for from where we are, not from the context. */
function inDirectory(path: string, file: string): Source {
  const dockerfile = file === '' ? defaultFile(path) : absolutePath(file);
  const text = readDockerfile(dockerfile, file);
  const inside = relative(path, realOf(dockerfile));
  const outside = inside.startsWith('../') || inside.startsWith('/');
  return {
    files: { kind: 'directory', path },
    dockerfile: { kind: 'here', text, name: outside ? basename(dockerfile) : inside, path: dockerfile },
  };
}

/** Docker takes `dockerfile` too. */
function defaultFile(context: string): string {
  const usual = join(context, 'Dockerfile');
  const lower = join(context, 'dockerfile');
  return !existsSync(usual) && existsSync(lower) ? lower : usual;
}

/** A link out of the context would be broken in it. */
const realOf = (path: string): string => realpathSync(path);

function readDockerfile(path: string, given: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new ExitError(`failed to read dockerfile: open ${given || basename(path)}: ${reasonOf(error)}`);
  }
}
