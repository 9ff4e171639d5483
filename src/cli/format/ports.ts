/** Ports of a container as `ps` shows them: neighbours joined to ranges. */
import type { PortSummary } from '../../api/types/containers.ts';

interface Group {
  first: number;
  last: number;
}

export function displayPorts(ports: readonly PortSummary[]): string {
  const sorted = [...ports].sort(order);
  const groups = new Map<string, Group>();
  const shown: string[] = [];
  const mapped: string[] = [];
  for (const port of sorted) {
    const current = port.PrivatePort;
    let key = port.Type as string;
    if (port.IP) {
      if (port.PublicPort !== current) {
        mapped.push(`${address(port.IP)}:${port.PublicPort ?? 0}->${current}/${port.Type}`);
        continue;
      }
      key = `${port.IP}/${port.Type}`;
    }
    const group = groups.get(key);
    if (group && current === group.last + 1) group.last = current;
    else if (!group) groups.set(key, { first: current, last: current });
    else {
      shown.push(displayGroup(key, group));
      groups.set(key, { first: current, last: current });
    }
  }
  for (const [key, group] of groups) shown.push(displayGroup(key, group));
  return [...shown, ...mapped].join(', ');
}

function displayGroup(key: string, { first, last }: Group): string {
  const slash = key.lastIndexOf('/');
  const ip = slash < 0 ? '' : key.slice(0, slash);
  const type = key.slice(slash + 1);
  const range = first === last ? String(first) : `${first}-${last}`;
  return ip === '' ? `${range}/${type}` : `${address(ip)}:${range}->${range}/${type}`;
}

function address(ip: string): string {
  return ip.includes(':') ? `[${ip}]` : ip;
}

function order(a: PortSummary, b: PortSummary): number {
  if (a.PrivatePort !== b.PrivatePort) return a.PrivatePort - b.PrivatePort;
  if ((a.IP ?? '') !== (b.IP ?? '')) return (a.IP ?? '') < (b.IP ?? '') ? -1 : 1;
  if ((a.PublicPort ?? 0) !== (b.PublicPort ?? 0)) return (a.PublicPort ?? 0) - (b.PublicPort ?? 0);
  return a.Type < b.Type ? -1 : a.Type > b.Type ? 1 : 0;
}
