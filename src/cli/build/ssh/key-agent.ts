/** An agent for the keys that a build is given: OpenSSH's own, which also asks for their passphrases. */
import { ExitError } from '../../exit.ts';

export interface KeyAgent extends AsyncDisposable {
  /** Of its socket. */
  path: string;
}

/** It lives as long as the command that it runs, which lives as long as we do, however we end. */
const command = ['ssh-agent', 'sh', '-c', 'echo "$SSH_AGENT_PID $SSH_AUTH_SOCK"; exec cat'];

export async function startKeyAgent(keys: readonly string[]): Promise<KeyAgent> {
  const child = missing(command, () =>
    Bun.spawn(command, { stdin: 'pipe', stdout: 'pipe', stderr: 'ignore' }),
  );
  await using stack = new AsyncDisposableStack();
  stack.defer(async () => {
    await child.stdin.end();
    await child.exited;
  });
  const { pid, path } = await describe(child.stdout);
  // By itself it would notice the end of its command after ten seconds only.
  stack.defer(() => void process.kill(pid));
  const add = ['ssh-add', '-q', '--', ...keys];
  const adding = missing(add, () =>
    Bun.spawn(add, {
      stdio: ['inherit', 'ignore', 'inherit'],
      env: { ...process.env, SSH_AUTH_SOCK: path },
    }),
  );
  if ((await adding.exited) !== 0) throw new ExitError(`failed to load SSH keys: ${keys.join(', ')}`);
  const kept = stack.move();
  return { path, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

async function describe(output: ReadableStream<Uint8Array>): Promise<{ pid: number; path: string }> {
  const decoder = new TextDecoder();
  const reader = output.getReader();
  let text = '';
  for (let next = await reader.read(); next.value !== undefined; next = await reader.read()) {
    text += decoder.decode(next.value, { stream: true });
    const [, pid, path] = /^(\d+) (.+)\n/.exec(text) ?? [];
    if (pid !== undefined && path !== undefined) return { pid: Number(pid), path };
  }
  throw new ExitError('--ssh: ssh-agent does not start');
}

function missing<T>([program]: readonly string[], spawn: () => T): T {
  try {
    return spawn();
  } catch {
    throw new ExitError(`--ssh with key files needs ${program} (Debian: openssh-client)`);
  }
}
