/** A shim whose process has a network namespace of its own, the daemon's name server, and programs that ask inside. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CLONE } from '../../src/linux/flags.ts';
import type { Operation } from '../../src/linux/operations.ts';
import type { NameView } from '../../src/networks/dns/model.ts';
import { DnsServer } from '../../src/networks/dns/server.ts';
import type { Ask } from '../../src/networks/dns/upstream.ts';
import { command } from '../rig/command.ts';
import { type Launched, Rig } from './rig.ts';

const operations: Operation[] = [
  { op: 'clone', side: 'host', flags: CLONE.NEWPID | CLONE.NEWNS | CLONE.NEWNET, cgroup: '' },
  { op: 'link', side: 'inside', name: 'lo', up: true, mtu: 0, rename: '' },
  { op: 'exec', side: 'inside', argv: ['/bin/sleep', '600'] },
];

export class Names implements AsyncDisposable {
  readonly directory = mkdtempSync(join(tmpdir(), 'gantry-names-'));
  readonly path = join(this.directory, 'names.sock');
  readonly rig = new Rig();
  /** Who asked. */
  readonly askers = new Set<string>();
  view: NameView = {
    lookup: (name) => (name === 'db' || name === 'web' ? { ipv4: ['10.0.0.5'], ipv6: [] } : null),
    reverse: () => null,
    upstream: ['world'],
  };
  ask: Ask = async () => null;
  #server: DnsServer | null = null;

  async serve(): Promise<void> {
    this.#server = new DnsServer({
      path: this.path,
      views: (id) => {
        this.askers.add(id);
        return this.view;
      },
      log: () => {},
      ask: (...query) => this.ask(...query),
    });
    await this.#server.open();
  }

  /** As when the daemon dies. */
  async away(): Promise<void> {
    await this.#server?.close();
    this.#server = null;
    rmSync(this.path, { force: true });
  }

  async start(namesPath = this.path): Promise<Box> {
    const launched = await this.rig.start(operations, { namesPath });
    const { pid } = await launched.until('started');
    return new Box(launched, pid);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.rig[Symbol.asyncDispose]();
    await this.away();
    rmSync(this.directory, { recursive: true, force: true });
  }
}

export class Box {
  constructor(
    readonly launched: Launched,
    readonly pid: number,
  ) {}

  run(argv: string[]) {
    return command(['nsenter', '-t', String(this.pid), '-n', ...argv], { timeout: 20_000 });
  }

  /** `NOERROR 10.0.0.5 …`, or `timeout`. One try of up to 6 s, so that the shim's patience of 4 s is seen. */
  async dig(...question: string[]): Promise<string> {
    const flags = ['+tries=1', '+time=6', '+noall', '+comments', '+answer'];
    const { stdout } = await this.run(['dig', '@127.0.0.11', ...flags, ...question]);
    const status = /status: (\w+)/.exec(stdout)?.[1];
    const data = [...stdout.matchAll(/\sIN\s+\w+\s+(.+)$/gm)].map(([, value]) => value);
    return status ? [status, ...data].join(' ') : 'timeout';
  }

  /** Runs a Bun script inside and returns what it prints. */
  async script(text: string): Promise<string> {
    const { stdout, stderr } = await this.run([process.execPath, '-e', text]);
    return stdout.trim() || stderr.trim();
  }
}
