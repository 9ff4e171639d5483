/** A container's published ports: which network carries them, and the rules that lead there. */
import { messageOf } from '../lib/errors.ts';
import { type Family, parseAddress } from '../lib/ip.ts';
import { setHairpin } from '../linux/bridge-port.ts';
import { forgetUdpFlowsOf, forgetUdpFlowsTo } from '../linux/conntrack.ts';
import { gatewaysOf, type NetworkContext, type Way } from './context.ts';
import type { Forwarding } from './firewall/published.ts';
import type { Gateways } from './gateway.ts';
import { connectivityError } from './host-ports.ts';
import { vethName } from './link-name.ts';
import type { Identity, JoinRequest, Member, PublishedPort } from './model.ts';
import { bridgeOptions } from './options.ts';
import { type BindingDefaults, parseBindings } from './port-spec.ts';

/** Each costs the kernel a walk over all tracked connections; the flows of a longer range run into their timeout instead. */
const maxForgotten = 64;

const families: readonly Family[] = [4, 6];
const familyOf = ({ hostIp }: PublishedPort): Family => (hostIp.includes(':') ? 6 : 4);

/** Only a bridge's ports are translated: macvlan and ipvlan are on the outside themselves. */
function publisher(gateways: Gateways<Way>, family: Family): Way | null {
  const way = gateways[family];
  return way?.driver.rules() ? way : null;
}

function bindingDefaults(gateways: Gateways<Way>): BindingDefaults {
  const first = publisher(gateways, 4);
  return {
    families: families.filter((family) => publisher(gateways, family) !== null),
    hostAddress: first ? bridgeOptions(first.network.options).hostAddress : '0.0.0.0',
  };
}

/** Takes the host's ports. Throws Docker's texts: what is wrong is found before the process exists. */
export function claimPorts(
  context: NetworkContext,
  { containerId, containerName }: Identity,
  endpoints: Member['endpoints'],
  bindings: JoinRequest['portBindings'],
): PublishedPort[] {
  const gateways = gatewaysOf(context, endpoints);
  const defaults = bindingDefaults(gateways);
  if (defaults.families.length === 0) return [];
  const endpoint = (publisher(gateways, 4) ?? publisher(gateways, 6))?.endpoint;
  const target = endpoint?.ipAddress || endpoint?.ipv6Address || '';
  try {
    return context.hostPorts.claim(containerId, target, parseBindings(bindings, defaults));
  } catch (error) {
    throw connectivityError(containerName, endpoint?.endpointId ?? '', error);
  }
}

export function forwardingsOf(context: NetworkContext, { endpoints, ports }: Member): Forwarding[] {
  if (ports.length === 0) return [];
  const gateways = gatewaysOf(context, endpoints);
  return ports.flatMap((port) => {
    const family = familyOf(port);
    const way = publisher(gateways, family);
    if (!way) return [];
    const { ipAddress, ipv6Address } = way.endpoint;
    const routed = way.driver.rules()?.families[family]?.mode === 'routed';
    return [{ ...port, address: family === 4 ? ipAddress : ipv6Address, routed }];
  });
}

/** Makes the rules of a container what its endpoints and ports say. */
export async function publishMember(context: NetworkContext, member: Member): Promise<void> {
  const after = forwardingsOf(context, member);
  const before = await context.firewall.publish(member.containerId, after);
  if (after.length === 0 && before.length === 0) return;
  forgetFlows(context, before, after);
  // With br_netfilter, a container's call to its own published port is turned round within the bridge.
  const gateways = gatewaysOf(context, member.endpoints);
  const ports = families.map((family) => publisher(gateways, family)?.endpoint.endpointId);
  for (const endpointId of new Set(after.length > 0 ? ports.filter((id) => id !== undefined) : []))
    tolerate(context, 'hairpin mode', () => setHairpin(vethName(endpointId)));
}

export async function withdrawMember(context: NetworkContext, { containerId }: Member): Promise<void> {
  forgetFlows(context, await context.firewall.publish(containerId, []), []);
}

/** Tracked UDP flows keep their old destination, and a client that goes on sending keeps them alive for ever (moby#8795). */
function forgetFlows(
  context: NetworkContext,
  before: readonly Forwarding[],
  after: readonly Forwarding[],
): void {
  const udp = (list: readonly Forwarding[]) => list.filter(({ protocol }) => protocol === 'udp');
  const gone = new Set(udp(before).map(({ address }) => address));
  tolerate(context, 'forgetting UDP flows', () => {
    for (const { hostPort, hostIp } of udp(after).slice(0, maxForgotten))
      forgetUdpFlowsTo(hostIp.includes(':') ? 6 : 4, hostPort);
    for (const text of gone) {
      const address = parseAddress(text);
      if (address) forgetUdpFlowsOf(address);
    }
  });
}

function tolerate({ log }: NetworkContext, what: string, action: () => void): void {
  try {
    action();
  } catch (error) {
    log('warn', `${what}: ${messageOf(error)}`);
  }
}
