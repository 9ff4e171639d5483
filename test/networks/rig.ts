/**
 * A network service under test, containers that are only a network namespace, and the world outside. The test file runs
 * itself again inside a namespace of its own (see `inNamespace`), so bridges, rules and sysctls never touch the host.
 */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDatabase } from '../../src/lib/database.ts';
import { newContainerId } from '../../src/lib/ids.ts';
import { encodeOperations, Writer } from '../../src/linux/encode.ts';
import { CLONE } from '../../src/linux/flags.ts';
import { nativePath } from '../../src/linux/native.ts';
import type { Operation } from '../../src/linux/operations.ts';
import type {
  EndpointRequest,
  EndpointWish,
  Joined,
  JoinRequest,
  NamespaceOf,
} from '../../src/networks/model.ts';
import { type NetworkOptions, NetworkService } from '../../src/networks/networks.ts';
import { command } from '../rig/command.ts';
import { TestNetwork } from '../rig/netns.ts';

/** Set inside: the namespace's own address on the link out, the world's, and the world's namespace. */
export const here = process.env.GANTRY_TEST_HERE ?? '';
export const world = process.env.GANTRY_TEST_WORLD ?? '';
const worldNamespace = process.env.GANTRY_TEST_WORLD_NS ?? '';
export const isInside = here !== '';

/** Runs `file`'s tests in a new network namespace with a way out; throws what they printed when one fails. */
export async function inNamespace(file: string): Promise<void> {
  await using network = await TestNetwork.create();
  const { host, inside } = network.addresses;
  const env = {
    GANTRY_TEST_HERE: inside,
    GANTRY_TEST_WORLD: host,
    GANTRY_TEST_WORLD_NS: `/proc/${process.pid}/ns/net`,
  };
  // sysfs shows the links of the namespace that mounted it.
  const sysfs = ['unshare', '-m', 'sh', '-c', 'mount -t sysfs sysfs /sys && exec "$@"', 'sh'];
  const test = [...sysfs, process.execPath, 'test', '--timeout', '30000', file];
  const { code, stdout, stderr } = await command([...network.prefix, ...test], { env, timeout: 110_000 });
  if (code !== 0) throw new Error(`${stdout}\n${stderr}`);
  if (process.env.VERBOSE) console.log(stdout, stderr);
}

export function openService(options: Partial<NetworkOptions> = {}): {
  service: NetworkService;
  events: string[];
  warnings: string[];
} {
  const events: string[] = [];
  const warnings: string[] = [];
  const service = new NetworkService({
    db: openDatabase(':memory:'),
    identity: options.bridge ?? 'gnt0',
    namesPath: join(mkdtempSync(join(tmpdir(), 'gantry-names-')), 'names.sock'),
    bridge: 'gnt0',
    bip: '',
    icc: true,
    watch: false,
    pools: [],
    mtu: 0,
    emit: ({ type, action, attributes }) => events.push(`${type} ${action} ${attributes.name}`),
    log: (level, message) => {
      if (level === 'warn' || level === 'error') warnings.push(message);
    },
    ...options,
  });
  return { service, events, warnings };
}

export const plain: EndpointRequest = {
  aliases: [],
  links: [],
  ipv4Address: '',
  ipv6Address: '',
  linkLocalIps: [],
  macAddress: '',
  driverOptions: {},
  gwPriority: 0,
};

export const on = (network: string, more: Partial<EndpointRequest> = {}): EndpointWish => ({
  network,
  request: { ...plain, ...more },
});

export function joinRequest(more: Partial<JoinRequest> = {}): JoinRequest {
  return {
    containerId: newContainerId(),
    containerName: `c${randomBytes(3).toString('hex')}`,
    hostname: 'box',
    dnsServers: [],
    dnsOptions: [],
    endpoints: [on('bridge')],
    portBindings: {},
    ...more,
  };
}

const shell = (script: string): string[] => [process.execPath, '-e', script];

/** Answers every TCP connection on port 80 and every datagram on port 53 with the caller's address. */
const echo = `
  Bun.listen({ hostname: '0.0.0.0', port: 80, socket: { open(s) { s.end(s.remoteAddress); }, data() {} } });
  await Bun.udpSocket({ port: 53, socket: { data(s, b, port, address) { s.send(address, port, address); } } });
  console.log('ready');
  setInterval(() => {}, 1e6);`;

/** What a shim would do of a container: its network namespace, its interface, its program. */
export class Box implements AsyncDisposable {
  private constructor(
    readonly request: JoinRequest,
    readonly joined: Joined,
    private readonly child: Bun.Subprocess<Buffer, 'pipe', 'pipe'>,
    private readonly service: NetworkService,
  ) {}

  static async start(service: NetworkService, more: Partial<JoinRequest> = {}): Promise<Box> {
    const request = joinRequest(more);
    const joined = await service.join(request);
    const of = (side: Operation['side']) => joined.operations.filter((operation) => operation.side === side);
    const list: Operation[] = [
      { op: 'clone', side: 'host', flags: CLONE.NEWNET, cgroup: '' },
      ...of('host'),
      { op: 'signal-child', side: 'host' },
      { op: 'await-host', side: 'inside' },
      ...of('inside'),
      { op: 'exec', side: 'inside', argv: shell(echo) },
    ];
    const child = Bun.spawn([nativePath(), 'run'], {
      stdin: new Writer().bytes(encodeOperations(list)).finish(),
      stdout: 'pipe',
      stderr: 'pipe',
    });
    const box = new Box(request, joined, child, service);
    const first = await child.stdout.getReader().read();
    if (!first.value) throw new Error(await new Response(child.stderr).text());
    await service.publish(request.containerId);
    return box;
  }

  get address(): string {
    return this.joined.endpoints[0]?.ipAddress ?? '';
  }
  get port(): number {
    return this.joined.ports[0]?.hostPort ?? 0;
  }

  /** The pid of the program inside: the child of the runner. */
  async pid(): Promise<number> {
    const { stdout } = await command(['ps', '-o', 'pid=', '--ppid', String(this.child.pid)]);
    return Number(stdout.trim());
  }

  /** The namespace, as a start tells it to the service. */
  async inside(): Promise<NamespaceOf> {
    const pid = await this.pid();
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return { pid, startTime: stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '' };
  }

  async run(script: string): Promise<string> {
    return runIn(`/proc/${await this.pid()}/ns/net`, script);
  }
  async command(argv: string[]): Promise<string> {
    return (await command(['nsenter', `--net=/proc/${await this.pid()}/ns/net`, ...argv])).stdout;
  }

  async kill(): Promise<void> {
    process.kill(await this.pid(), 'SIGKILL');
    await this.child.exited;
  }
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.child.exitCode === null) await this.kill();
    await this.service.release(this.request.containerId);
  }
}

async function runIn(namespace: string, script: string): Promise<string> {
  const { stdout } = await command(['nsenter', `--net=${namespace}`, ...shell(script)]);
  return stdout.trim();
}

/** Runs a script outside the namespace: on another machine, so to speak. */
export const outside = (script: string): Promise<string> => runIn(worldNamespace, script);
export const inHost = (script: string): Promise<string> => runIn('/proc/self/ns/net', script);
export const worldCommand = (argv: string[]) => command(['nsenter', `--net=${worldNamespace}`, ...argv]);

/** Prints what the server says, or `refused`, or `silence` after 700 ms. */
export const tcp = (host: string, port: number): string => `
  const say = (text) => { console.log(text); process.exit(); };
  setTimeout(() => say('silence'), 700);
  const s = require('node:net').connect(${port}, '${host}');
  s.on('data', (data) => say(String(data)));
  s.on('error', () => say('refused'));`;

export const udp = (host: string, port: number): string => `
  const say = (text) => { console.log(text); process.exit(); };
  setTimeout(() => say('silence'), 700);
  const s = await Bun.udpSocket({ connect: { hostname: '${host}', port: ${port} }, socket: { data: (_, data) => say(String(data)), error: () => say('refused') } });
  s.send('?');`;
