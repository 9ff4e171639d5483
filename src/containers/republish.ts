/** `gantry update --publish-add/--publish-rm`: other ports for a container, at once and from its next start on. */
import { invalid, notFound } from '../lib/errors.ts';
import type { PortBinding, PortKey, PublishedPort } from '../networks/model.ts';
import type { Context } from './context.ts';
import { portBindings } from './endpoints.ts';
import type { Container, HostConfig, PublishChanges } from './model.ts';
import { isAlive } from './state.ts';

type Bindings = HostConfig['portBindings'];
type Removal = PublishChanges['remove'][number];

/** What changes of the record. Throws when a removal matches nothing, or a port cannot be had: then nothing is changed. */
export async function republish(
  context: Context,
  container: Container,
  { add, remove }: PublishChanges,
): Promise<Pick<Container, 'hostConfig' | 'ports'>> {
  const { ports, state, id } = container;
  const hostConfig = remove.length > 0 ? withoutPublishAll(container) : container.hostConfig;
  if (hostConfig.networkMode === 'host' || hostConfig.networkMode.startsWith('container:'))
    throw invalid(`conflicting options: port publishing and the container type network mode`);
  const kept = withoutRemoved(hostConfig.portBindings, ports, remove);
  const bindings = { ...kept };
  for (const [key, list = []] of Object.entries(add) as [PortKey, PortBinding[]][])
    bindings[key] = [...(bindings[key] ?? []), ...list];
  const gone = ports.filter((port) => remove.some((removal) => isPublishedAs(port, removal)));
  const now = isAlive(state) ? await context.networks.republish(id, add, gone) : ports;
  return { hostConfig: { ...hostConfig, portBindings: bindings }, ports: now };
}

/** Whatever is exposed stays published, but for what is withdrawn: from then on each is a binding of its own. */
const withoutPublishAll = (container: Container): HostConfig => ({
  ...container.hostConfig,
  portBindings: portBindings(container),
  publishAllPorts: false,
});

const keyOf = ({ containerPort, protocol }: PublishedPort): PortKey => `${containerPort}/${protocol}`;

const isPublishedAs = (port: PublishedPort, { port: key, hostIp, hostPort }: Removal): boolean =>
  keyOf(port) === key &&
  (hostIp === '' || port.hostIp === hostIp) &&
  (hostPort === '' || isWithin(port.hostPort, hostPort));

/** `range`: "8000" or "8000-8009". */
function isWithin(port: number, range: string): boolean {
  const [first = '', last = first] = range.split('-');
  return port >= Number(first) && port <= Number(last);
}

/** `live`: the container has such a port now, so a binding that leaves the port open is meant too. */
function isBoundAs(binding: PortBinding, { hostIp, hostPort }: Removal, live: boolean): boolean {
  if (hostIp !== '' && binding.hostIp !== hostIp && !(live && binding.hostIp === '')) return false;
  if (hostPort === '' || binding.hostPort === hostPort) return true;
  if (binding.hostPort === '') return live;
  const isRange = binding.hostPort.includes('-');
  return isRange
    ? live && isWithin(Number(hostPort), binding.hostPort)
    : isWithin(Number(binding.hostPort), hostPort);
}

export function withoutRemoved(
  bindings: Bindings,
  ports: readonly PublishedPort[],
  remove: readonly Removal[],
): Bindings {
  const result: Bindings = { ...bindings };
  for (const removal of remove) {
    const list = result[removal.port] ?? [];
    const live = ports.some((port) => isPublishedAs(port, removal));
    const kept = list.filter((binding) => !isBoundAs(binding, removal, live));
    if (kept.length === list.length)
      throw notFound(
        `port ${[removal.hostIp, removal.hostPort, removal.port].filter(Boolean).join(':')} is not published`,
      );
    if (kept.length > 0) result[removal.port] = kept;
    else delete result[removal.port];
  }
  return result;
}
