/** gantry-init's `tar` and `untar` at work on a container's files, and other programs that work on trees. */
import { feed } from '../archive/feed.ts';
import { internal } from '../lib/errors.ts';
import {
  execution,
  framed,
  nativePath,
  operationFailure,
  workerError,
  workerOptions,
} from '../linux/native.ts';
import type { Operation } from '../linux/operations.ts';
import type { FileTree } from './file-tree.ts';

/** The first line that the program prints. */
export interface Answer {
  /** Why it does nothing. */
  refused?: 'missing' | 'not a directory' | 'read-only root' | 'read-only mount';
  ready?: true;
  mode?: number;
  size?: number;
  seconds?: number;
  nanoseconds?: number;
  link?: string;
}

/** A program that runs until it is disposed, or comes to its end. */
export class FileProgram implements AsyncDisposable {
  readonly #child: Bun.Subprocess<'pipe', 'pipe', 'pipe'>;
  readonly #operations: readonly Operation[] | null;
  readonly #output: AsyncIterator<Uint8Array>;
  readonly #message: Promise<string>;
  #head = Buffer.alloc(0);
  #fed: Promise<void>;

  /** `args`: what comes behind those of the tree. */
  constructor(
    program: 'tar' | 'untar' | 'index' | 'place' | 'run',
    { operations, args: place }: Pick<FileTree, 'operations' | 'args'>,
    args: readonly string[],
  ) {
    const argv = [program, ...place, ...args];
    const list = operations && [...operations, execution([nativePath(), ...argv])];
    this.#operations = list;
    // When the daemon is killed, untar still removes what it has only begun; the others have nothing to finish.
    const runner = program === 'untar' ? ['run'] : ['run', '--with-parent'];
    this.#child = Bun.spawn([nativePath(), ...(list === null ? argv : runner)], {
      ...workerOptions,
      stdin: 'pipe',
    });
    this.#message = this.#child.stderr.text();
    this.#output = this.#child.stdout[Symbol.asyncIterator]();
    this.#fed = list === null ? Promise.resolve() : this.#write(framed(list));
  }

  async #write(bytes: Uint8Array): Promise<void> {
    await Promise.resolve(this.#child.stdin.write(bytes)).catch(() => undefined);
    await Promise.resolve(this.#child.stdin.flush()).catch(() => undefined);
  }

  /** The line before everything else. Throws what went wrong when there is none. */
  async answer(): Promise<Answer> {
    for (;;) {
      const end = this.#head.indexOf(10);
      if (end >= 0) {
        const line = this.#head.toString('latin1', 0, end);
        this.#head = this.#head.subarray(end + 1);
        return JSON.parse(line) as Answer;
      }
      const { value, done } = await this.#output.next();
      if (done === true) throw (await this.#failure()) ?? internal('gantry-init gave no answer');
      this.#head = this.#head.length === 0 ? Buffer.from(value) : Buffer.concat([this.#head, value]);
    }
  }

  /** What follows the answer. Throws at the end when the program failed. */
  async *output(): AsyncGenerator<Uint8Array> {
    if (this.#head.length > 0) yield this.#head;
    for (let next = await this.#output.next(); next.done !== true; next = await this.#output.next())
      yield next.value;
    const failure = await this.#failure();
    if (failure !== null) throw failure;
  }

  /** The program's input, to its end. A program that ends early says why itself. */
  async feed(chunks: AsyncIterable<Uint8Array>): Promise<void> {
    await this.#fed;
    await feed(this.#child.stdin, chunks);
  }

  /** Waits for the end; throws what went wrong. */
  async finish(): Promise<void> {
    for (let next = await this.#output.next(); next.done !== true; next = await this.#output.next());
    const failure = await this.#failure();
    if (failure !== null) throw failure;
  }

  async #failure(): Promise<Error | null> {
    if ((await this.#child.exited) === 0) return null;
    const text = await this.#message;
    const reason = workerError(text.trim().split('\n').at(-1) ?? '');
    if (reason !== null) return internal(lowered(reason));
    return (
      (this.#operations && operationFailure(this.#operations, text)) ??
      internal(text.trim() || 'gantry-init died')
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGKILL');
    await Promise.resolve(this.#child.stdin.end()).catch(() => undefined);
    await this.#child.exited;
    // Behind operations the program is a child of what was killed, and ends a moment later.
    await this.#message;
  }
}

/** strerror's sentence at the end as Go, and so Docker, writes it. */
function lowered(text: string): string {
  return text.replace(
    /: ([A-Z])([^:]*)$/,
    (_, first: string, rest: string) => `: ${first.toLowerCase()}${rest}`,
  );
}
