/** br_netfilter: whether frames between two ports of a bridge pass the rules for forwarded packets. */
import { readFileSync } from 'node:fs';

const isOn = (file: string): boolean => {
  try {
    return readFileSync(`/proc/sys/net/bridge/${file}`, 'utf8').trim() === '1';
  } catch {
    return false;
  }
};

/** In both families; the setting belongs to the network namespace. */
export const bridgeIsFiltered = (): boolean =>
  isOn('bridge-nf-call-iptables') && isOn('bridge-nf-call-ip6tables');
