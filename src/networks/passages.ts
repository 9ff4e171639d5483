/** Links on networks whose containers may not talk to each other otherwise (`icc` off): one way, to the exposed ports. */
import { driverOf, type NetworkContext } from './context.ts';
import type { OpenPassage } from './firewall/table.ts';
import type { Endpoint, Member, Passage, PortKey } from './model.ts';
import { parsePortKey } from './port-spec.ts';

/** Addresses of those that run and share such a network. */
export function openPassages(context: NetworkContext, passages: readonly Passage[]): OpenPassage[] {
  return passages.flatMap(({ from, to, ports }) => {
    const [source, target] = [context.members.get(from), context.members.get(to)];
    return source && target
      ? sharedEndpoints(context, source, target).flatMap((pair) => opened(pair, ports))
      : [];
  });
}

interface Pair {
  source: Endpoint;
  target: Endpoint;
}

function sharedEndpoints(context: NetworkContext, from: Member, to: Member): Pair[] {
  return from.endpoints.flatMap((source) => {
    const target = to.endpoints.find(({ networkId }) => networkId === source.networkId);
    const closed = driverOf(context, source).rules()?.icc === false;
    return target && closed ? [{ source, target }] : [];
  });
}

function opened({ source, target }: Pair, ports: readonly PortKey[]): OpenPassage[] {
  const addresses = [
    [source.ipAddress, target.ipAddress],
    [source.ipv6Address, target.ipv6Address],
  ] as const;
  return addresses.flatMap(([from, to]) =>
    from === '' || to === ''
      ? []
      : ports
          .map(parsePortKey)
          .map(({ protocol, containerPort }) => ({ from, to, protocol, port: containerPort })),
  );
}
