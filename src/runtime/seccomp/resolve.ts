/** A profile for one container: its conditions decided by capabilities, architecture and kernel. */
import { kernelAtLeast } from '../../linux/host.ts';
import { type Architecture, nativeArchitecture } from '../../linux/syscalls/tables.ts';
import type { LinuxSeccomp, LinuxSyscall } from '../../oci/runtime.ts';
import type { Condition, Profile, ProfileRule } from './profile.ts';

/** Names of architectures as conditions (Go) and libseccomp have them. */
const names: Partial<Record<Architecture, { go: string; scmp: string }>> = {
  x86_64: { go: 'amd64', scmp: 'SCMP_ARCH_X86_64' },
  aarch64: { go: 'arm64', scmp: 'SCMP_ARCH_AARCH64' },
};

interface Circumstances {
  capabilities: ReadonlySet<string>;
  goArch: string;
  kernel: string;
}

function included({ caps, arches, minKernel }: Condition, at: Circumstances): boolean {
  return (
    (arches.length === 0 || arches.includes(at.goArch)) &&
    caps.every((name) => at.capabilities.has(name)) &&
    (minKernel === '' || kernelAtLeast(minKernel, at.kernel))
  );
}

function excluded({ caps, arches, minKernel }: Condition, at: Circumstances): boolean {
  return (
    arches.includes(at.goArch) ||
    caps.some((name) => at.capabilities.has(name)) ||
    (minKernel !== '' && kernelAtLeast(minKernel, at.kernel))
  );
}

const applies = (rule: ProfileRule, at: Circumstances) =>
  included(rule.includes, at) && !excluded(rule.excludes, at);

function syscallOf({ names: syscalls, action, errnoRet, args }: ProfileRule): LinuxSyscall {
  return {
    names: syscalls,
    action,
    ...(errnoRet === undefined ? {} : { errnoRet }),
    ...(args.length > 0 ? { args } : {}),
  };
}

function resolve(profile: Profile, at: Circumstances, scmp: string): LinuxSeccomp {
  const entry = profile.archMap.find(({ architecture }) => architecture === scmp);
  const architectures = entry ? [scmp, ...entry.subArchitectures] : profile.architectures;
  return {
    defaultAction: profile.defaultAction,
    ...(profile.defaultErrnoRet === undefined ? {} : { defaultErrnoRet: profile.defaultErrnoRet }),
    ...(architectures.length > 0 ? { architectures } : {}),
    ...(profile.flags.length > 0 ? { flags: profile.flags } : {}),
    syscalls: profile.rules.filter((rule) => applies(rule, at)).map(syscallOf),
  };
}

const cache = new WeakMap<Profile, Map<string, LinuxSeccomp>>();

/** The same profile, capabilities, kernel and architecture give the same object, so that its compiled form is found again. */
export function resolveProfile(
  profile: Profile,
  capabilities: readonly string[],
  kernel: string,
  architecture: Architecture = nativeArchitecture,
): LinuxSeccomp {
  const key = [architecture, kernel, ...[...capabilities].sort()].join(' ');
  const known = cache.get(profile) ?? new Map<string, LinuxSeccomp>();
  cache.set(profile, known);
  const { go = '', scmp = '' } = names[architecture] ?? {};
  const at = { capabilities: new Set(capabilities), goArch: go, kernel };
  const resolved = known.get(key) ?? resolve(profile, at, scmp);
  known.set(key, resolved);
  return resolved;
}
