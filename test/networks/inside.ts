/** What a container has of its networks: what is recorded, and what is there. */
import { succeed } from '../rig/command.ts';
import type { Cli, TestEngine } from '../rig/engine.ts';

/** Starts a container that waits; gives its id. */
export const sleeper = (engine: TestEngine, cli: Cli, name: string, ...flags: string[]): Promise<string> =>
  engine.ok(cli, 'run', '-d', '--name', name, ...flags, 'busybox', 'sleep', '600');

/** `{ <network>: <IPv4 address> }`, as inspect shows it. */
export async function addressesOf(
  engine: TestEngine,
  cli: Cli,
  name: string,
): Promise<Record<string, string>> {
  const networks = await engine.ok(cli, 'inspect', '-f', '{{json .NetworkSettings.Networks}}', name);
  const entries = Object.entries(JSON.parse(networks) as Record<string, { IPAddress: string }>);
  return Object.fromEntries(entries.map(([network, { IPAddress }]) => [network, IPAddress]));
}

/** Prefix that runs a command in its network namespace. */
async function prefixOf(engine: TestEngine, name: string): Promise<string[]> {
  const pid = await engine.ok('docker', 'inspect', '-f', '{{.State.Pid}}', name);
  return ['nsenter', `--net=/proc/${pid}/ns/net`];
}

export const runInside = async (engine: TestEngine, name: string, line: string): Promise<string> =>
  succeed([...(await prefixOf(engine, name)), ...line.split(' ')]);

/** `{ eth0: ['10.1.2.3/24', …] }`: every address but those of loopback and the link-local ones. */
export async function interfacesOf(engine: TestEngine, name: string): Promise<Record<string, string[]>> {
  const links = JSON.parse(await runInside(engine, name, 'ip -j addr')) as {
    ifname: string;
    addr_info: { local: string; prefixlen: number; scope: string }[];
  }[];
  const global = links
    .filter(({ ifname }) => ifname !== 'lo')
    .map(({ ifname, addr_info }) => [
      ifname,
      addr_info
        .filter(({ scope }) => scope === 'global')
        .map(({ local, prefixlen }) => `${local}/${prefixlen}`),
    ]);
  return Object.fromEntries(global);
}

/** The gateway of its default route, "" without one. */
export async function gatewayOf(engine: TestEngine, name: string, family: 4 | 6 = 4): Promise<string> {
  const routes = JSON.parse(await runInside(engine, name, `ip -${family} -j route show default`));
  return routes[0]?.gateway ?? '';
}
