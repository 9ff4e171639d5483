import type { AuthConfig, AuthResponse } from '../../api/types/registry.ts';
import { domainOfAddress, hubAddress } from '../../lib/registry-host.ts';
import { between, type Command, type Invocation } from '../command.ts';
import { authFile } from '../credentials/auth-file.ts';
import { findCredentials, keyOf, storeCredentials } from '../credentials/store.ts';
import { ExitError, exitCode } from '../exit.ts';
import type { FlagValues } from '../flags/parse.ts';
import { note } from '../format/note.ts';
import { ApiError, collect } from '../http/client.ts';
import { programName } from '../program.ts';
import { isTerminal } from '../terminal/libc.ts';
import { writeErr, writeLine } from '../terminal/output.ts';
import { warnOfEnvironment } from './logout.ts';

export const command: Command = {
  usage: '[OPTIONS] [SERVER]',
  args: between(0, 1),
  description: 'Authenticate to a registry.\nDefaults to Docker Hub if no server is specified.',
  flags: [
    { name: 'password', short: 'p', type: 'string', usage: 'Password or Personal Access Token (PAT)' },
    {
      name: 'password-stdin',
      type: 'bool',
      usage: 'Take the Password or Personal Access Token (PAT) from stdin',
    },
    { name: 'username', short: 'u', type: 'string', usage: 'Username' },
  ],
  async run(invocation) {
    const { args, flags, configDirectory } = invocation;
    warnOfEnvironment();
    const given = await givenCredentials(flags);
    const key = keyOf(domainOfAddress(args[0] ?? ''));
    const stored =
      given.username === '' && given.password === '' ? await findCredentials(configDirectory, key) : null;
    const status =
      (stored?.username && stored.password ? await loginWithStored(invocation, key, stored) : null) ??
      (await login(invocation, key, await complete(given, key, stored?.username ?? '')));
    if (status !== '') writeLine(status);
    return exitCode.success;
  },
};

interface Given {
  username: string;
  password: string;
}

async function givenCredentials(flags: FlagValues): Promise<Given> {
  const username = flags.string('username');
  const fromInput = flags.bool('password-stdin');
  if (fromInput && flags.changed('password'))
    throw new ExitError('conflicting options: cannot specify both --password and --password-stdin');
  if (flags.string('password') !== '')
    writeErr('WARNING! Using --password via the CLI is insecure. Use --password-stdin.\n');
  if (!fromInput) return { username, password: flags.string('password') };
  if (username === '') throw new ExitError('the --password-stdin option requires --username to be set');
  return { username, password: (await collect(Bun.stdin.stream())).trim() };
}

/** null when the registry does not take them any more: then the user is asked. */
async function loginWithStored(
  invocation: Invocation,
  key: string,
  { username = '', password = '' }: AuthConfig,
): Promise<string | null> {
  writeErr(`Authenticating with existing credentials... [Username: ${username}]\n`);
  writeErr(
    `${note(`To login with a different account, run '${programName} logout' followed by '${programName} login'`)}\n\n`,
  );
  try {
    return await login(invocation, key, { username, password });
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.status === 401) writeErr('Stored credentials invalid or expired\n');
    else writeErr(`Login did not succeed, error: ${error.message}\n`);
    return null;
  }
}

/** Asks for what is missing. */
async function complete(given: Given, key: string, known: string): Promise<Given> {
  if (given.username !== '' && given.password !== '') return given;
  if (!isTerminal(0)) throw new ExitError('Error: Cannot perform an interactive login from a non TTY device');
  const { Prompt } = await import('../terminal/prompt.ts');
  const prompt = new Prompt();
  let { username, password } = given;
  if (username === '') {
    if (key === hubAddress) writeLine(hubHint);
    username = (await prompt.ask(known === '' ? 'Username: ' : `Username (${known}): `)) || known;
    if (username === '') throw new ExitError('Error: Non-null Username Required');
  }
  if (password === '') password = await prompt.askSecret('Password: ');
  if (password === '') throw new ExitError('Error: Password Required');
  return { username, password };
}

const hubHint =
  "Log in with your Docker ID or email address to push and pull images from Docker Hub. If you don't have a Docker ID, head over to https://hub.docker.com/ to create one.\n" +
  'You can log in with your password or a Personal Access Token (PAT). Using a limited-scope PAT grants better security and is required for organizations using SSO. Learn more at https://docs.docker.com/go/access-tokens/\n';

/** Only what the registry took is kept; a token that it gave is kept in place of the password. */
async function login({ client, configDirectory }: Invocation, key: string, given: Given): Promise<string> {
  const answer = await client.json<AuthResponse>('POST', '/auth', {
    body: { json: { ...given, serveraddress: key } },
  });
  const { username, password } = given;
  const auth: AuthConfig = answer.IdentityToken
    ? { username, identitytoken: answer.IdentityToken }
    : { username, password };
  const stored = await storeCredentials(configDirectory, key, auth).catch((error: unknown) => {
    throw new ExitError(`Error saving credentials: ${error instanceof Error ? error.message : error}`);
  });
  if (stored === 'file' && auth.password) writeErr(unencrypted(authFile(configDirectory)));
  return answer.Status;
}

const unencrypted = (path: string) =>
  `\nWARNING! Your credentials are stored unencrypted in '${path}'.\nConfigure a credential helper to remove this warning. See\nhttps://docs.docker.com/go/credential-store/\n\n`;
