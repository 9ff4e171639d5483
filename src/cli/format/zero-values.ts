/**
 * Docker runs inspect templates over Go structs first: fields have Go's spelling (`.ID`, `.HostConfig.CPUShares`), and what
 * the JSON leaves out or has as null is the zero value of its type. This is that view of plain JSON.
 */
import { nilPointer } from '../template/values.ts';
import { goTime } from './go-time.ts';

const lists =
  'Args Aliases Binds BlkioDeviceReadBps BlkioDeviceReadIOps BlkioDeviceWriteBps BlkioDeviceWriteIOps BlkioWeightDevice CapAdd CapDrop Cmd DNSNames DNS DNSOptions DNSSearch Dns DnsOptions DnsSearch DeviceCgroupRules DeviceRequests Devices Entrypoint Env ExecIDs ExtraHosts GroupAdd Layers Links LinkLocalIPs Log MaskedPaths Mounts OnBuild Peers ReadonlyPaths RepoDigests RepoTags SecondaryIPAddresses SecondaryIPv6Addresses SecurityOpt Shell Test Ulimits VolumesFrom'.split(
    ' ',
  );
const maps =
  'Annotations AuxAddress Containers DriverOpts ExposedPorts Labels Networks Options PortBindings Ports Services StorageOpt Sysctls Tmpfs Volumes Status'.split(
    ' ',
  );
const pointers =
  'BindOptions ClusterVolume Config Descriptor DriverConfig Health Healthcheck IPAMConfig ImageManifestDescriptor ImageOptions Init MemorySwappiness OomKillDisable PidsLimit SizeRootFs SizeRw StopTimeout TmpfsOptions UsageData VolumeOptions'.split(
    ' ',
  );
const texts =
  'Author Comment Consistency DockerVersion Domainname Driver Error GlobalIPv6Address Hostname IPAddress IPRange IPv4Address IPv6Address IPv6Gateway Gateway MacAddress Mode Name OsVersion Parent Propagation Source StopSignal Subnet Subpath User Variant WorkingDir'.split(
    ' ',
  );
const numbers =
  'GwPriority Interval Retries StartInterval StartPeriod Timeout VirtualSize KernelMemory SizeBytes'.split(
    ' ',
  );
const switches = 'ArgsEscaped NetworkDisabled NoCopy NonRecursive ReadOnly CreateMountpoint'.split(' ');

const zeros = new Map<string, unknown>([
  ...lists.map((name) => [name.toLowerCase(), []] as const),
  ...maps.map((name) => [name.toLowerCase(), {}] as const),
  ...pointers.map((name) => [name.toLowerCase(), nilPointer] as const),
  ...texts.map((name) => [name.toLowerCase(), ''] as const),
  ...numbers.map((name) => [name.toLowerCase(), 0] as const),
  ...switches.map((name) => [name.toLowerCase(), false] as const),
]);

/** Go's names for what JSON calls otherwise. */
const renamed = new Map([['auxaddress', 'auxiliaryaddresses']]);

/** The field of that name, spelled as in JSON or as in Go; undefined when Docker has no such field either. */
export function lookupField(map: Record<string, unknown>, name: string): unknown {
  const value = fieldOf(map, name);
  // Of all that is inspected only networks, which alone can be ConfigOnly, have a time here and not a text.
  return name === 'Created' && 'ConfigOnly' in map && typeof value === 'string' ? goTime(value) : value;
}

function fieldOf(map: Record<string, unknown>, name: string): unknown {
  if (map[name] !== undefined && map[name] !== null) return map[name];
  const lower = name.toLowerCase();
  const wanted = renamed.get(lower) ?? lower;
  const key = Object.keys(map).find((candidate) => candidate.toLowerCase() === wanted);
  const value = key === undefined ? undefined : map[key];
  if (value !== undefined && value !== null) return value;
  const zero = zeros.get(lower);
  if (zero !== undefined && (key !== undefined || /^[A-Z]/.test(Object.keys(map)[0] ?? ''))) return zero;
  return value;
}
