/** A git repository as a context (docs.docker.com/build/concepts/context/#git-repositories). */

import { lstatSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { invalid, unsupported } from '../../lib/errors.ts';
import type { Operational } from '../../lib/op.ts';
import { withoutSecrets } from './remote.ts';

export interface Repository {
  url: string;
  /** Branch, tag or commit; "" = the repository's own head. */
  ref: string;
  /** A directory of it; "" = all. */
  subdirectory: string;
  /** What git itself keeps stays in the directory. */
  keepGitDirectory?: boolean;
}

const scheme = /^(https?|ssh|git):\/\//i;
/** git@github.com:moby/moby */
const scp = /^[\w.-]+@[\w.-]+:[^/].*/;

/** `URL#ref:directory`; null: the text names no repository. */
export function parseGitUrl(text: string): Repository | null {
  const [url = '', fragment = ''] = splitOnce(text, '#');
  const isHttp = /^https?:\/\//i.test(url);
  const named = isHttp ? /\.git$/i.test(url.split('?')[0] ?? '') : scheme.test(url) || scp.test(url);
  const [ref = '', subdirectory = ''] = splitOnce(fragment, ':');
  if (url.startsWith('github.com/')) return { url: `https://${url}`, ref, subdirectory };
  return named ? { url, ref, subdirectory } : null;
}

function splitOnce(text: string, separator: string): string[] {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}

/**
 * Into the empty directory. git is given nothing that it could take for an option, runs none of the repository's hooks or
 * filters, asks nobody for passwords and fetches by network protocols only (CVE-2019-13139, CVE-2018-17456).
 */
export async function cloneRepository(
  repository: Repository,
  directory: string,
  op: Operational,
): Promise<void> {
  const { url, ref, subdirectory, keepGitDirectory = false } = repository;
  if (ref.startsWith('-')) throw invalid(`invalid git reference: ${ref}`);
  if (Bun.which('git') === null)
    throw unsupported(
      'a git repository as build context needs git on the host (Debian: apt-get install git)',
    );
  const work = join(directory, '.gantry-clone');
  mkdirSync(work);
  const git = (...args: string[]) => run(['-C', work, ...args], url, op);
  await git('init', '--quiet');
  await git('remote', 'add', 'origin', '--', url);
  await git('fetch', '--quiet', '--depth', '1', '--', 'origin', ref === '' ? 'HEAD' : ref);
  await git('checkout', '--quiet', '--detach', 'FETCH_HEAD', '--');
  await git('submodule', '--quiet', 'update', '--init', '--recursive', '--depth', '1');
  if (!keepGitDirectory) rmSync(join(work, '.git'), { recursive: true, force: true });
  await moveOut(work, directory, subdirectory);
}

async function moveOut(work: string, directory: string, subdirectory: string): Promise<void> {
  const names = subdirectory.split('/').filter((name) => name !== '' && name !== '.');
  if (names.includes('..')) throw invalid(`subdir not found: ${subdirectory}`);
  const aside = `${directory}.git`;
  renameSync(work, aside);
  rmSync(directory, { recursive: true });
  try {
    // A link on the way could lead to files of the host.
    const parts = names.map((_, index) => join(aside, ...names.slice(0, index + 1)));
    for (const part of parts)
      if (!lstatSync(part, { throwIfNoEntry: false })?.isDirectory())
        throw invalid(`subdir not found: ${subdirectory}`);
    renameSync(join(aside, ...names), directory);
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
}

const settings = [
  'core.hooksPath=/dev/null',
  'core.fsmonitor=false',
  'core.symlinks=true',
  'protocol.allow=never',
  'protocol.http.allow=always',
  'protocol.https.allow=always',
  'protocol.git.allow=always',
  'protocol.ssh.allow=always',
  'advice.detachedHead=false',
  'credential.helper=',
];

async function run(args: string[], url: string, { signal }: Operational): Promise<void> {
  const child = Bun.spawn(['git', ...settings.flatMap((setting) => ['-c', setting]), ...args], {
    env: {
      PATH: process.env.PATH ?? '/usr/bin:/bin',
      HOME: '/nonexistent',
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_CONFIG_GLOBAL: '/dev/null',
      GIT_TERMINAL_PROMPT: '0',
      GIT_SSH_COMMAND: 'ssh -o BatchMode=yes',
    },
    stdin: 'ignore',
    stdout: 'ignore',
    stderr: 'pipe',
    signal,
  });
  const [message, code] = await Promise.all([child.stderr.text(), child.exited]);
  signal.throwIfAborted();
  if (code !== 0)
    throw invalid(
      `failed to fetch remote ${withoutSecrets(url)}: ${message.trim() || `git exited with ${code}`}`,
    );
}
