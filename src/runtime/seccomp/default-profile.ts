/**
 * Docker's default profile (moby profiles/seccomp/default.json of docker-v29.7.2, Apache-2.0, in default-profile.json),
 * with one thing stricter: 32-bit programs may not make sockets through socketcall(2).
 *
 * The profile keeps AF_ALG (CVE-2026-31431) and AF_VSOCK out by looking at the first argument of socket(2). socketcall
 * has its arguments in memory, where a filter cannot look, so that 32-bit code could make any socket. Its other calls
 * stay, and so does the i386 socket(2), which musl, Go and every libc built for Linux 4.3 or newer use. What breaks are
 * 32-bit programs with a glibc built for older kernels (Debian i386); they need `--security-opt seccomp=<profile>`.
 */
import data from './default-profile.json';
import { type Profile, profileOf } from './profile.ts';

const SYS_SOCKET = 1;

function withoutSocketcall(profile: Profile): Profile {
  const rules = profile.rules.map((rule) => ({
    ...rule,
    names: rule.names.filter((name) => name !== 'socketcall'),
  }));
  const always = { caps: [], arches: [], minKernel: '' };
  rules.push({
    names: ['socketcall'],
    action: 'SCMP_ACT_ALLOW',
    args: [{ index: 0, value: SYS_SOCKET, valueTwo: 0, op: 'SCMP_CMP_GT' }],
    includes: always,
    excludes: always,
  });
  return { ...profile, rules };
}

export const defaultProfile: Profile = withoutSocketcall(profileOf(data));
