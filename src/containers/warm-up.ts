/** What the first start would wait for: the usual system call filter, 8 ms. */
import { defaultCapabilities } from '../linux/capabilities.ts';
import { compileSeccomp } from '../runtime/seccomp/compile.ts';
import { defaultProfile } from '../runtime/seccomp/default-profile.ts';
import { resolveProfile } from '../runtime/seccomp/resolve.ts';
import { hostFacts } from './facts.ts';

/** Compiled filters are found again by profile, capabilities and kernel. */
export function warmUp(): void {
  const { capabilities, kernelVersion } = hostFacts();
  const usual = defaultCapabilities.filter((name) => capabilities.includes(name));
  compileSeccomp(resolveProfile(defaultProfile, usual, kernelVersion));
}
