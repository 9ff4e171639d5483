/** --security-opt, and the seccomp filter that follows from it. */
import { invalid } from '../lib/errors.ts';
import type { LinuxSeccomp } from '../oci/runtime.ts';
import { defaultProfile } from '../runtime/seccomp/default-profile.ts';
import { parseProfile } from '../runtime/seccomp/profile.ts';
import { resolveProfile } from '../runtime/seccomp/resolve.ts';
import type { SpecFacts } from './spec.ts';

export interface SecurityOptions {
  noNewPrivileges: boolean;
  /** "" = the default profile; "unconfined"; or a profile as JSON. */
  seccomp: string;
  /** systempaths=unconfined: neither masked nor read-only paths. */
  systemPathsUnconfined: boolean;
  writableCgroups: boolean;
}

const booleans: Readonly<Record<string, boolean>> = {
  '1': true,
  t: true,
  true: true,
  '0': false,
  f: false,
  false: false,
};

function parseBoolean(text: string, option: string): boolean {
  const value = booleans[text.toLowerCase()];
  if (value === undefined) throw invalid(`invalid --security-opt value: "${option}"`);
  return value;
}

/** Docker's rules and texts (moby daemon_unix.go parseSecurityOpt). AppArmor and SELinux settings are taken and have no effect here. */
export function parseSecurityOptions(list: readonly string[]): SecurityOptions {
  const options: SecurityOptions = {
    noNewPrivileges: false,
    seccomp: '',
    systemPathsUnconfined: false,
    writableCgroups: false,
  };
  for (const option of list) {
    if (option === 'no-new-privileges') options.noNewPrivileges = true;
    else if (option !== 'disable') parseSetting(option, options);
  }
  return options;
}

function parseSetting(option: string, options: SecurityOptions): void {
  const match = /^([^=:]+)[=:](.*)$/s.exec(option);
  if (!match) throw invalid(`invalid --security-opt 1: "${option}"`);
  const [, name, value = ''] = match;
  switch (name) {
    case 'label':
    case 'apparmor':
      return;
    case 'seccomp':
      options.seccomp = value === 'builtin' ? '' : value;
      return;
    case 'no-new-privileges':
      options.noNewPrivileges = parseBoolean(value, option);
      return;
    case 'writable-cgroups':
      options.writableCgroups = parseBoolean(value, option);
      return;
    case 'systempaths':
      if (value !== 'unconfined') throw invalid(`invalid --security-opt value: "${option}"`);
      options.systemPathsUnconfined = true;
      return;
    default:
      throw invalid(`invalid --security-opt 2: "${option}"`);
  }
}

/** For `create`: the options and, when there is one, the profile's syntax. */
export function validateSecurityOptions(list: readonly string[]): void {
  const { seccomp } = parseSecurityOptions(list);
  if (seccomp !== '' && seccomp !== 'unconfined') parseProfile(seccomp);
}

/** The filter for these capabilities; none when unconfined, or privileged without a profile of its own. */
export function specSeccomp(
  { seccomp }: SecurityOptions,
  privileged: boolean,
  capabilities: readonly string[],
  facts: SpecFacts,
): LinuxSeccomp | null {
  if (seccomp === 'unconfined' || (privileged && seccomp === '')) return null;
  const profile = seccomp === '' ? defaultProfile : parseProfile(seccomp);
  return resolveProfile(profile, capabilities, facts.kernelVersion);
}
