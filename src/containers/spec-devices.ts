/** Device nodes of the container and the rules of its device cgroup. */
import { invalid } from '../lib/errors.ts';
import type { DeviceNode } from '../linux/devices.ts';
import type { LinuxDevice, LinuxDeviceCgroup } from '../oci/runtime.ts';
import type { DeviceMapping, HostConfig } from './model.ts';
import type { SpecFacts } from './spec.ts';

const allow = (type: string, major?: number, minor?: number, access = 'rwm'): LinuxDeviceCgroup => ({
  allow: true,
  type,
  ...(major === undefined ? {} : { major }),
  ...(minor === undefined ? {} : { minor }),
  access,
});

/** Everything is forbidden but making nodes (mknod(2) alone opens nothing) and the standard devices. Later rules win. */
const defaultRules: readonly LinuxDeviceCgroup[] = [
  { allow: false, access: 'rwm' },
  allow('c', undefined, undefined, 'm'),
  allow('b', undefined, undefined, 'm'),
  allow('c', 1, 3), // null
  allow('c', 1, 5), // zero
  allow('c', 1, 7), // full
  allow('c', 1, 8), // random
  allow('c', 1, 9), // urandom
  allow('c', 5, 0), // tty
  allow('c', 5, 1), // console
  allow('c', 5, 2), // ptmx
  allow('c', 136), // pts/*
];

const specDevice = (node: DeviceNode, path: string): LinuxDevice => ({
  type: node.type,
  path,
  major: node.major,
  minor: node.minor,
  fileMode: node.mode,
  uid: node.uid,
  gid: node.gid,
});

function mappedDevices(mapping: DeviceMapping, facts: SpecFacts) {
  const nodes = facts.devices.get(mapping.pathOnHost) ?? [];
  if (nodes.length === 0)
    throw invalid(
      `error gathering device information while adding custom device "${mapping.pathOnHost}": no such file or directory`,
    );
  const target = mapping.pathInContainer || mapping.pathOnHost;
  return nodes.map((node) => ({
    device: specDevice(node, target + node.path.slice(mapping.pathOnHost.length)),
    rule: allow(node.type, node.major, node.minor, mapping.permissions || 'rwm'),
  }));
}

/** `c 1:3 rwm`, with `*` for all numbers. */
export function parseDeviceRule(text: string): LinuxDeviceCgroup {
  const match = /^([acb]) (\d+|\*):(\d+|\*) ([rwm]{1,3})$/.exec(text);
  if (!match) throw invalid(`invalid device cgroup rule format: '${text}'`);
  const [, type = 'a', major, minor, access = ''] = match;
  const number = (digits: string | undefined) => (digits === '*' ? undefined : Number(digits));
  return allow(type, number(major), number(minor), access);
}

/** --privileged: all devices of the host and no rules. Else those of --device, with the default rules and the user's. */
export function specDevices(
  hostConfig: HostConfig,
  facts: SpecFacts,
): { nodes: LinuxDevice[]; rules: LinuxDeviceCgroup[] } {
  const mapped = hostConfig.privileged
    ? []
    : hostConfig.devices.flatMap((mapping) => mappedDevices(mapping, facts));
  if (hostConfig.privileged)
    return {
      nodes: facts.hostDevices.map((node) => specDevice(node, node.path)),
      rules: [{ allow: true, access: 'rwm' }],
    };
  return {
    nodes: mapped.map(({ device }) => device),
    rules: [
      ...defaultRules,
      ...mapped.map(({ rule }) => rule),
      ...hostConfig.deviceCgroupRules.map(parseDeviceRule),
    ],
  };
}
