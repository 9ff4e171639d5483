/** Running programs from tests: output collected, exit code kept, never a shell in between unless asked for. */

export interface Result {
  code: number;
  stdout: string;
  stderr: string;
}

const slowness = Number(process.env.GANTRY_TEST_SLOWNESS ?? 1);

/**
 * How long to wait before giving up, in milliseconds: more where the machine is emulated (test/vm sets GANTRY_TEST_SLOWNESS).
 * For deadlines only; what a case asserts is the same everywhere.
 */
export const patience = (milliseconds: number) => milliseconds * slowness;

export interface CommandOptions {
  stdin?: string | Uint8Array | ReadableStream<Uint8Array>;
  env?: Record<string, string>;
  cwd?: string;
  /** Milliseconds on a real machine (see patience); the command is killed then and the code is 137. */
  timeout?: number;
}

const text = (stream: ReadableStream<Uint8Array>) => new Response(stream).text();

/** Runs to the end and returns everything; a non-zero code is an answer, not an error. */
export async function command(argv: string[], options: CommandOptions = {}): Promise<Result> {
  const child = Bun.spawn(argv, {
    stdin: stdinOf(options.stdin),
    stdout: 'pipe',
    stderr: 'pipe',
    env: { ...process.env, ...options.env },
    cwd: options.cwd,
  });
  const timer = setTimeout(() => child.kill('SIGKILL'), patience(options.timeout ?? 60_000));
  try {
    const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), child.exited]);
    return { code, stdout, stderr };
  } finally {
    clearTimeout(timer);
  }
}

function stdinOf(stdin: CommandOptions['stdin']) {
  if (stdin === undefined) return 'ignore';
  return typeof stdin === 'string'
    ? new Blob([stdin])
    : stdin instanceof Uint8Array
      ? new Blob([new Uint8Array(stdin)])
      : stdin;
}

/** Like `command`, but a non-zero code throws with everything that was printed. */
export async function succeed(argv: string[], options: CommandOptions = {}): Promise<string> {
  const result = await command(argv, options);
  if (result.code !== 0)
    throw new Error(`${argv.join(' ')} exited with ${result.code}\n${result.stdout}\n${result.stderr}`);
  return result.stdout;
}

/** Polls until `probe` gives something other than undefined, null or false. Only for facts that no one announces. */
export async function eventually<T>(
  probe: () => T | Promise<T>,
  what: string,
  timeout = 10_000,
): Promise<NonNullable<T>> {
  const end = Date.now() + patience(timeout);
  let last: unknown;
  while (Date.now() < end) {
    try {
      const value = await probe();
      if (value !== undefined && value !== null && value !== false) return value as NonNullable<T>;
    } catch (error) {
      last = error;
    }
    await Bun.sleep(20);
  }
  throw new Error(`not within ${patience(timeout)} ms: ${what}${last ? ` (last: ${last})` : ''}`);
}

/** What a program prints until its first newline; it may come in any number of pieces. */
export async function firstLine(stream: ReadableStream<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of stream) {
    text += decoder.decode(chunk, { stream: true });
    const end = text.indexOf('\n');
    if (end >= 0) return text.slice(0, end);
  }
  return text;
}
