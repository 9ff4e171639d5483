/** Credential helpers: programs `docker-credential-<suffix>` that are asked through standard input (docker/docker-credential-helpers). */
import { ExitError } from '../exit.ts';

export interface HelperCredentials {
  ServerURL: string;
  /** `<token>` when the secret is an identity token. */
  Username: string;
  Secret: string;
}

export const tokenUser = '<token>';

const notFound = 'credentials not found in native keychain';

type Action = 'get' | 'store' | 'erase';

const doing: Record<Action, string> = { get: 'getting', store: 'storing', erase: 'erasing' };

/** null when the helper has none. Any other failure is an error: it never means "without credentials". */
export async function getFromHelper(suffix: string, address: string): Promise<HelperCredentials | null> {
  const { ok, output, reason } = await call(suffix, 'get', address);
  if (!ok) {
    if (output === notFound) return null;
    throw failure('get', reason, output);
  }
  const answer = parseAnswer(output);
  if (answer === null) throw failure('get', 'its answer is not what the protocol says', '');
  return { ...answer, ServerURL: address };
}

export async function storeInHelper(suffix: string, credentials: HelperCredentials): Promise<void> {
  const { ok, output, reason } = await call(suffix, 'store', JSON.stringify(credentials));
  if (!ok) throw failure('store', reason, output);
}

/** What the helper does not have is erased already. */
export async function eraseFromHelper(suffix: string, address: string): Promise<void> {
  const { ok, output, reason } = await call(suffix, 'erase', address);
  if (!ok && output !== notFound) throw failure('erase', reason, output);
}

function failure(action: Action, reason: string, output: string): ExitError {
  return new ExitError(`error ${doing[action]} credentials - err: ${reason}, out: \`${output}\``);
}

function parseAnswer(output: string): { Username: string; Secret: string } | null {
  try {
    const { Username, Secret } = JSON.parse(output) as Record<string, unknown>;
    return typeof Username === 'string' && typeof Secret === 'string' ? { Username, Secret } : null;
  } catch {
    return null;
  }
}

interface Answer {
  ok: boolean;
  output: string;
  /** Why it is not ok. */
  reason: string;
}

async function call(suffix: string, action: Action, input: string): Promise<Answer> {
  const name = `docker-credential-${suffix}`;
  // A suffix is part of a program's name, never a path.
  const program = suffix.includes('/') ? null : Bun.which(name);
  if (program === null)
    return {
      ok: false,
      output: '',
      reason: `exec: ${JSON.stringify(name)}: executable file not found in $PATH`,
    };
  const child = Bun.spawn([program, action], { stdin: new Blob([input]), stdout: 'pipe', stderr: 'inherit' });
  const [output, code] = await Promise.all([new Response(child.stdout).text(), child.exited]);
  return { ok: code === 0, output: output.trim(), reason: `exit status ${code}` };
}
