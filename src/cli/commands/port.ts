import type { ContainerInspect } from '../../api/types/containers.ts';
import { between, type Command } from '../command.ts';
import { ExitError, exitCode } from '../exit.ts';
import { naturalOrder } from '../format/natural.ts';
import { writeLine } from '../terminal/output.ts';

export const command: Command = {
  usage: 'CONTAINER [PRIVATE_PORT[/PROTO]]',
  args: between(1, 2),
  flags: [],
  async run({ args: [name = '', wanted = ''], client }) {
    const container = await client.json<ContainerInspect>('GET', `/containers/${name}/json`);
    const ports = container.NetworkSettings.Ports ?? {};
    const lines = wanted === '' ? allPorts(ports) : onePort(ports, wanted, name);
    for (const line of lines) writeLine(line);
    return exitCode.success;
  },
};

type Ports = ContainerInspect['NetworkSettings']['Ports'];

function allPorts(ports: Ports): string[] {
  const lines = Object.entries(ports).flatMap(([port, bindings]) =>
    (bindings ?? []).map((binding) => `${port} -> ${address(binding.HostIp)}:${binding.HostPort}`),
  );
  return lines.sort(naturalOrder);
}

function onePort(ports: Ports, wanted: string, container: string): string[] {
  const [port = '', protocol] = wanted.split('/');
  checkPort(port);
  const bindings = ports[`${port}/${protocol || 'tcp'}`];
  if (!bindings || bindings.length === 0)
    throw new ExitError(`Error: No public port '${wanted}' published for ${container}`);
  return bindings.map((binding) => `${address(binding.HostIp)}:${binding.HostPort}`);
}

function checkPort(text: string): void {
  const wrong = (why: string) =>
    new ExitError(
      `Error: invalid port (${text}): strconv.ParseUint: parsing ${JSON.stringify(text)}: ${why}`,
    );
  if (!/^\d+$/.test(text)) throw wrong('invalid syntax');
  if (Number(text) > 65535) throw wrong('value out of range');
}

function address(ip: string): string {
  return ip.includes(':') ? `[${ip}]` : ip;
}
