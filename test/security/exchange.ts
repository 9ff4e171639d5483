/** Who may write to a directory, and uses it against those who look at it meanwhile. */
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { succeed } from '../rig/command.ts';

export const secret = 'nobody may read this';

/** A directory of the host that must stay as it is: what is in it, and how. */
export class Canary {
  readonly #before: string;

  /** `path`: where to make it. */
  constructor(readonly path: string) {
    mkdirSync(join(path, 'deep'), { recursive: true });
    for (const name of ['secret', 'pipe', 'deep/secret']) {
      writeFileSync(join(path, name), secret);
      chmodSync(join(path, name), 0o600);
    }
    this.#before = this.state();
  }

  private state(): string {
    return readdirSync(this.path, { recursive: true })
      .map(String)
      .sort()
      .map((name) => {
        const { mode, uid, gid, nlink } = statSync(join(this.path, name));
        const content = name.endsWith('deep') ? '' : readFileSync(join(this.path, name), 'utf8');
        return [name, mode, uid, gid, nlink, content].join(' ');
      })
      .join('\n');
  }

  /** What has changed; "" when nothing has. */
  get harm(): string {
    const now = this.state();
    return now === this.#before ? '' : `before:\n${this.#before}\nnow:\n${now}`;
  }
}

/** Exchanges two names of a directory for as long as it lives (renameat2(2), RENAME_EXCHANGE): neither is ever missing. */
export class Exchange implements AsyncDisposable {
  private constructor(readonly child: Bun.Subprocess) {}

  /** `scratch`: where to put the program. */
  static async start(scratch: string, directory: string, one: string, other: string): Promise<Exchange> {
    const program = join(scratch, 'exchange');
    if (!(await Bun.file(program).exists()))
      await succeed(['cc', '-O1', '-o', program, join(import.meta.dir, 'programs/exchange.c')]);
    return new Exchange(Bun.spawn([program, directory, one, other], { stdout: 'ignore', stderr: 'inherit' }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.child.kill('SIGKILL');
    await this.child.exited;
  }
}
