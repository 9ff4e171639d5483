/** `network create`: each range, gateway and auxiliary address goes to the subnet that contains it. */
import type { IPAMConfig } from '../../api/types/networks.ts';
import { type Address, contains, overlaps, parseAddress, parseCidr, type Subnet } from '../../lib/ip.ts';

export interface Addressing {
  subnets: readonly string[];
  ranges: readonly string[];
  gateways: readonly string[];
  /** Name -> address. */
  auxiliary: Readonly<Record<string, string>>;
}

interface Place {
  config: IPAMConfig & { Subnet: string };
  subnet: () => Subnet;
}

/** Throws an Error with Docker's text. A single subnet is not read here, so that the daemon says what is wrong with it. */
export function addressing({ subnets, ranges, gateways, auxiliary }: Addressing): IPAMConfig[] {
  if (subnets.length < ranges.length || subnets.length < gateways.length)
    throw new Error('every ip-range or gateway must have a corresponding subnet');
  const places = subnets.map(placeFor);
  refuseOverlaps(places);
  for (const range of ranges) setRange(placeOf(places, 'range', range, readCidr(range).address), range);
  for (const gateway of gateways)
    setGateway(placeOf(places, 'gateway', gateway, readAddress(gateway)), gateway);
  for (const [name, address] of Object.entries(auxiliary)) {
    const config = placeOf(places, 'aux-address', address, readAddress(address));
    config.AuxiliaryAddresses = { ...config.AuxiliaryAddresses, [name]: address };
  }
  return places.map(({ config }) => config);
}

function placeFor(text: string): Place {
  return { config: { Subnet: text }, subnet: () => readCidr(text, 'invalid subnet: ').subnet };
}

function refuseOverlaps(places: readonly Place[]): void {
  places.forEach((place, index) => {
    if (places.slice(0, index).some((earlier) => overlaps(place.subnet(), earlier.subnet())))
      throw new Error('multiple overlapping subnet configuration is not supported');
  });
}

function placeOf(places: readonly Place[], what: string, text: string, address: Address | null) {
  const place = places.find(({ subnet }) => {
    const range = subnet();
    return address !== null && contains(range, address);
  });
  if (!place) throw new Error(`no matching subnet for ${what} ${text}`);
  return place.config;
}

function setRange(config: Place['config'], range: string): void {
  if (config.IPRange)
    throw new Error(
      `cannot configure multiple ranges (${range}, ${config.IPRange}) on the same subnet (${config.Subnet})`,
    );
  config.IPRange = range;
}

function setGateway(config: Place['config'], gateway: string): void {
  if (config.Gateway)
    throw new Error(
      `cannot configure multiple gateways (${gateway}, ${config.Gateway}) for the same subnet (${config.Subnet})`,
    );
  config.Gateway = gateway;
}

/** With or without a prefix length; null when it is none. */
const readAddress = (text: string): Address | null =>
  text.includes('/') ? readCidr(text).address : parseAddress(text);

function readCidr(text: string, what = ''): { address: Address; subnet: Subnet } {
  const cidr = parseCidr(text);
  if (!cidr) throw new Error(`${what}invalid CIDR address: ${text}`);
  return cidr;
}
