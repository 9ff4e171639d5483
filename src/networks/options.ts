/** Driver options of a network (`-o`), read. Docker's names: docs of `docker network create`, moby daemon/libnetwork. */
import { invalid } from '../lib/errors.ts';
import { type Family, parseAddress } from '../lib/ip.ts';
import type { OperationOf } from '../linux/operations.ts';
import { checkLinkName } from './link-name.ts';
import type { Network } from './model.ts';

type Options = Network['options'];

export const bridgeOption = (name: string): string => `com.docker.network.bridge.${name}`;
const common = (name: string): string => `com.docker.network.${name}`;

const booleans: Record<string, boolean> = {
  '1': true,
  t: true,
  true: true,
  '0': false,
  f: false,
  false: false,
};

function flag(options: Options, name: string, fallback: boolean): boolean {
  const text = options[name];
  if (text === undefined || text === '') return fallback;
  const value = booleans[text.toLowerCase()];
  if (value === undefined)
    throw invalid(
      `invalid value for option ${JSON.stringify(name)}: ${JSON.stringify(text)} is not a boolean`,
    );
  return value;
}

function address(options: Options, name: string, family: Family): string {
  const text = options[name] ?? '';
  if (text !== '' && parseAddress(text)?.family !== family)
    throw invalid(
      `invalid value for option ${JSON.stringify(name)}: ${JSON.stringify(text)} is not an IPv${family} address`,
    );
  return text;
}

function choice<T extends string>(options: Options, name: string, choices: readonly T[]): T {
  const text = options[name] || choices[0];
  const found = choices.find((one) => one === text);
  if (!found)
    throw invalid(
      `invalid value for option ${JSON.stringify(name)}: ${JSON.stringify(text)}; known are ${choices.join(', ')}`,
    );
  return found;
}

/** 0 = not given. */
export function mtuOption(options: Options): number {
  const text = options[common('driver.mtu')] ?? options['com.docker.network.mtu'] ?? '';
  const mtu = Number(text || 0);
  // RFC 791 and RFC 8200: what every link must carry; the kernel's links take 65535 at most.
  if (!Number.isInteger(mtu) || (mtu !== 0 && (mtu < 68 || mtu > 65535)))
    throw invalid(`invalid value for option "com.docker.network.driver.mtu": ${JSON.stringify(text)}`);
  return mtu;
}

/** Before the number of an interface inside. */
export function interfacePrefix(options: Options): string {
  const prefix = options[common('container_iface_prefix')] || 'eth';
  return checkLinkName(prefix);
}

const gatewayModes = ['nat', 'nat-unprotected', 'routed', 'isolated'] as const;
export type GatewayMode = (typeof gatewayModes)[number];

export interface BridgeOptions {
  /** "" = one is made up. */
  name: string;
  icc: boolean;
  masquerade: boolean;
  /** Where a binding goes that names no address. */
  hostAddress: string;
  /** The bridge has no IPv4 address of the host. */
  inhibitIpv4: boolean;
  gatewayMode: Record<Family, GatewayMode>;
  /** Source address of outgoing connections; "" = that of the link. */
  sourceAddress: Record<Family, string>;
}

export function bridgeOptions(options: Options): BridgeOptions {
  const name = options[bridgeOption('name')] ?? '';
  return {
    name: name && checkLinkName(name),
    icc: flag(options, bridgeOption('enable_icc'), true),
    masquerade: flag(options, bridgeOption('enable_ip_masquerade'), true),
    hostAddress: address(options, bridgeOption('host_binding_ipv4'), 4) || '0.0.0.0',
    inhibitIpv4: flag(options, bridgeOption('inhibit_ipv4'), false),
    gatewayMode: {
      4: choice(options, bridgeOption('gateway_mode_ipv4'), gatewayModes),
      6: choice(options, bridgeOption('gateway_mode_ipv6'), gatewayModes),
    },
    sourceAddress: {
      4: address(options, common('host_ipv4'), 4),
      6: address(options, common('host_ipv6'), 6),
    },
  };
}

/** `parent`: a link of the host, `eth0.10` = a VLAN of it; "" = a link that leads nowhere. */
export type ParentOptions = { parent: string } & (
  | Pick<OperationOf<'macvlan'>, 'op' | 'mode'>
  | Pick<OperationOf<'ipvlan'>, 'op' | 'mode' | 'flag'>
);

export function parentOptions(kind: 'macvlan' | 'ipvlan', options: Options): ParentOptions {
  return kind === 'macvlan' ? macvlanOptions(options) : ipvlanOptions(options);
}

function macvlanOptions(options: Options): ParentOptions {
  const mode = choice(options, 'macvlan_mode', ['bridge', 'private', 'vepa', 'passthru']);
  return { op: 'macvlan', parent: parentOption(options), mode };
}

function ipvlanOptions(options: Options): ParentOptions {
  return {
    op: 'ipvlan',
    parent: parentOption(options),
    mode: choice(options, 'ipvlan_mode', ['l2', 'l3', 'l3s']),
    flag: choice(options, 'ipvlan_flag', ['bridge', 'private', 'vepa']),
  };
}

function parentOption({ parent = '' }: Options): string {
  return parent && checkLinkName(parent);
}
