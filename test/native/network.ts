import { nativePath, OperationFailed } from '../../src/linux/native.ts';
import type { Operation } from '../../src/linux/operations.ts';
import { stat } from '../../src/linux/procfs.ts';
import { command, type Result, succeed } from '../rig/command.ts';
import { framed } from './container.ts';

/** A network namespace, and the process that it ends with. */
export class Network implements Disposable {
  readonly pid: number;
  /** Names the process together with its pid. */
  readonly startTime: string;
  readonly #keeper: Bun.Subprocess;

  private constructor(keeper: Bun.Subprocess) {
    this.#keeper = keeper;
    this.pid = keeper.pid;
    this.startTime = stat(keeper.pid)?.startTime ?? '';
  }

  static async create(): Promise<Network> {
    const keeper = Bun.spawn(['unshare', '-n', 'sh', '-c', 'echo made; exec sleep infinity'], {
      stdout: 'pipe',
    });
    await keeper.stdout.getReader().read();
    return new Network(keeper);
  }

  get #prefix(): string[] {
    return ['nsenter', `--net=/proc/${this.pid}/ns/net`];
  }
  /** `gantry-init run`, from here. */
  run(list: readonly Operation[]): Promise<Result> {
    return command([...this.#prefix, nativePath(), 'run'], { stdin: framed(list) });
  }
  /** What `run` printed; a failure throws. */
  async perform(list: readonly Operation[]): Promise<string> {
    const { code, stdout, stderr } = await this.run(list);
    if (code !== 0 || stderr !== '') throw new Error(`exit code ${code}: ${stderr}`);
    return stdout;
  }
  /** How a list that must fail did, in words. */
  async refusal(list: readonly Operation[]): Promise<string> {
    const { code, stderr } = await this.run(list);
    if (code !== 1) throw new Error(`exit code ${code}: ${stderr}`);
    return new OperationFailed(JSON.parse(stderr), list).message;
  }
  output(...argv: string[]): Promise<string> {
    return succeed([...this.#prefix, ...argv]);
  }
  /** The only object that `ip -json` or `bridge -json` prints. */
  async show<T>(...argv: [string, ...string[]]): Promise<T> {
    const [program, ...rest] = argv;
    return JSON.parse(await this.output(program, '-d', '-json', ...rest))[0];
  }
  async links(): Promise<string[]> {
    const links: { ifname: string }[] = JSON.parse(await this.output('ip', '-json', 'link'));
    return links.map(({ ifname }) => ifname).sort();
  }
  /** Whether the kernel has links of a kind: of `ip link add … type` the rest. */
  async has(...kind: string[]): Promise<boolean> {
    const add = [...this.#prefix, 'ip', 'link', 'add', 'gprobe', ...kind];
    const { code } = await command(add);
    if (code === 0) await this.output('ip', 'link', 'del', 'gprobe');
    return code === 0;
  }

  [Symbol.dispose](): void {
    this.#keeper.kill('SIGKILL');
  }
}
