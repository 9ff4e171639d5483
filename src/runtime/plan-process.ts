/** The process: limits, identity, seccomp, execve. The same for a container and for an exec. All `inside`. */
import { capabilityMask } from '../linux/capabilities.ts';
import { RLIMIT } from '../linux/flags.ts';
import type { Operation } from '../linux/operations.ts';
import type { LinuxSeccomp, PosixRlimit, Process, User } from '../oci/runtime.ts';
import { compileSeccomp, seccompFlags } from './seccomp/compile.ts';

const inside = 'inside';
/** JSON has no 2^64-1; what comes close is meant as RLIM_INFINITY. */
const UNLIMITED = 2 ** 63;

const limit = (value: number) => (value < 0 || value >= UNLIMITED ? 'unlimited' : String(value));

/**
 * Optional: without CAP_SYS_RESOURCE a hard limit cannot be raised. The container then has the lower limit and a warning,
 * instead of not starting at all.
 */
function planRlimit({ type, soft, hard }: PosixRlimit): Operation[] {
  const resource = RLIMIT[type.replace(/^RLIMIT_/, '').toLowerCase()];
  if (resource === undefined) return [];
  return [{ op: 'rlimit', side: inside, optional: true, resource, soft: limit(soft), hard: limit(hard) }];
}

function planUser(user: User): Operation {
  if (user.username !== undefined)
    return { op: 'user', side: inside, spec: user.username, groups: user.additionalGroups ?? [] };
  const groups = (user.additionalGids ?? []).map(String);
  return { op: 'user', side: inside, spec: `${user.uid}:${user.gid}`, groups };
}

function planCredentials({ capabilities = {} }: Process): Operation {
  const mask = (names: readonly string[] = []) => String(capabilityMask(names));
  return {
    op: 'credentials',
    side: inside,
    bounding: mask(capabilities.bounding),
    effective: mask(capabilities.effective),
    permitted: mask(capabilities.permitted),
    inheritable: mask(capabilities.inheritable),
    ambient: mask(capabilities.ambient),
  };
}

function planSeccomp(seccomp: LinuxSeccomp | undefined): Operation[] {
  if (!seccomp) return [];
  return [{ op: 'seccomp', side: inside, filter: compileSeccomp(seccomp), flags: seccompFlags(seccomp) }];
}

/** With a terminal, stdio becomes a pty of the container's own devpts. */
export function planConsole({ terminal, consoleSize }: Process): Operation[] {
  if (!terminal) return [];
  const { height = 0, width = 0 } = consoleSize ?? {};
  return [{ op: 'console', side: inside, rows: height, columns: width }];
}

/**
 * What needs nothing from the host's side of the plan. The working directory is entered as root, like runc does, and made for a container but not for an exec;
 * passwd and group are read now and take effect at `credentials`.
 */
export function planIdentity(
  process: Process,
  keyring: string,
  { createCwd = true }: { createCwd?: boolean } = {},
): Operation[] {
  const operations: Operation[] = (process.rlimits ?? []).flatMap(planRlimit);
  // Optional: the number of keys of a user is limited (keyctl(2) EDQUOT), and kernels without keys exist.
  if (keyring !== '') operations.push({ op: 'keyring', side: inside, optional: true, name: keyring });
  operations.push({ op: 'env', side: inside, values: process.env ?? [] }, planUser(process.user));
  if (process.user.umask !== undefined)
    operations.push({ op: 'umask', side: inside, mask: process.user.umask });
  operations.push({ op: 'chdir', side: inside, target: process.cwd, create: createCwd });
  return operations;
}

/**
 * Loading a filter needs CAP_SYS_ADMIN or no_new_privs (seccomp(2)). So without no_new_privs it comes before the
 * capabilities are dropped, and must allow setuid and capset; with it, last, and needs to allow little but execve.
 */
export function planExecve(process: Process, seccomp: LinuxSeccomp | undefined): Operation[] {
  const credentials = planCredentials(process);
  const filter = planSeccomp(seccomp);
  const exec: Operation = { op: 'exec', side: inside, argv: process.args ?? [] };
  if (!process.noNewPrivileges) return [...filter, credentials, exec];
  return [credentials, { op: 'no-new-privs', side: inside }, ...filter, exec];
}
