/** What the tests of `cp` have in common: a directory of the host, and what is in a tree. */
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { succeed } from '../rig/command.ts';
import type { Cli, TestEngine } from '../rig/engine.ts';

/** Runs `cp` in a fresh directory of the engine's; messages name it DIR. */
export class Workbench {
  readonly path: string;

  constructor(
    readonly engine: TestEngine,
    readonly cli: Cli,
  ) {
    this.path = mkdtempSync(join(engine.directory, 'cp-'));
  }

  /** A shell script in the directory. */
  async sh(script: string): Promise<string> {
    return (await succeed(['sh', '-ec', script], { cwd: this.path })).trim();
  }

  /** What a command line prints, both streams, and its code when that is not 0. */
  async run(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.engine.run(this.cli, args, { cwd: this.path });
    const text = `${stdout}${stderr}`
      .replaceAll(this.path, 'DIR')
      // Docker's CLI, of a source that nobody reads any more.
      .replace(/^time=.*\n/gm, '')
      // Docker 20.10 had a process of its own for this.
      .replace('Error processing tar file(exit status 1): ', '');
    return code === 0 ? text.trim() : `${text.trim()} [${code}]`;
  }

  cp = (...args: string[]): Promise<string> => this.run('cp', ...args);

  /** Types, modes and owners of what is at the path, one a line. */
  tree = (path: string): Promise<string> => this.sh(`find ${path} ${listing}`);

  inside = (container: string, script: string): Promise<string> =>
    this.engine.ok('docker', 'exec', '-u', '0', container, 'sh', '-ec', script);

  treeInside = (container: string, path: string): Promise<string> =>
    this.inside(container, `find ${path} ${listing}`);
}

const listing = "-exec stat -c '%n %A %u:%g' {} + | sort";

export const removed = (engine: TestEngine, ...containers: string[]) =>
  engine.ok('docker', 'rm', '-fv', ...containers);
