import type { ContainerInspect } from '../../api/types/containers.ts';
import { between, type Command } from '../command.ts';
import { ExitError, exitCode } from '../exit.ts';
import { naturalOrder } from '../format/natural.ts';
import { writeLine } from '../terminal/output.ts';

export const command: Command = {
  usage: 'CONTAINER [PRIVATE_PORT[/PROTO]]',
  args: between(1, 2),
  flags: [],
  async run({ args: [name = '', wanted], client }) {
    const container = await client.json<ContainerInspect>('GET', `/containers/${name}/json`);
    const ports = container.NetworkSettings.Ports ?? {};
    const lines = wanted === undefined ? allPorts(ports) : onePort(ports, wanted, name);
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
  const [port = '', protocol = 'tcp'] = wanted.split('/');
  if (!/^\d+(-\d+)?$/.test(port))
    throw new ExitError(
      `Error: invalid port (${port}): strconv.ParseUint: parsing ${JSON.stringify(port)}: invalid syntax`,
    );
  const bindings = ports[`${port}/${protocol}`];
  if (!bindings) throw new ExitError(`Error: No public port '${wanted}' published for ${container}`);
  return bindings.map((binding) => `${address(binding.HostIp)}:${binding.HostPort}`);
}

function address(ip: string): string {
  return ip.includes(':') ? `[${ip}]` : ip;
}
