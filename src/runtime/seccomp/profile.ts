/** Seccomp profiles in Docker's JSON: the OCI seccomp section plus conditions about capabilities, architecture and kernel. */
import { invalid, messageOf } from '../../lib/errors.ts';
import type { LinuxSeccompArg, SeccompAction, SeccompOperator } from '../../oci/runtime.ts';

export interface Condition {
  /** All of them. */
  caps: string[];
  /** Any of them, in Go's names: amd64, x86, x32, arm, arm64. */
  arches: string[];
  /** "4.8"; "" = any. */
  minKernel: string;
}

export interface ProfileRule {
  names: string[];
  action: SeccompAction;
  errnoRet?: number;
  args: LinuxSeccompArg[];
  includes: Condition;
  excludes: Condition;
}

export interface Profile {
  defaultAction: SeccompAction;
  defaultErrnoRet?: number;
  archMap: { architecture: string; subArchitectures: string[] }[];
  architectures: string[];
  flags: string[];
  rules: ProfileRule[];
}

const actions: ReadonlySet<string> = new Set<SeccompAction>([
  'SCMP_ACT_KILL',
  'SCMP_ACT_KILL_PROCESS',
  'SCMP_ACT_KILL_THREAD',
  'SCMP_ACT_TRAP',
  'SCMP_ACT_ERRNO',
  'SCMP_ACT_TRACE',
  'SCMP_ACT_ALLOW',
  'SCMP_ACT_LOG',
]);
const operators: ReadonlySet<string> = new Set<SeccompOperator>([
  'SCMP_CMP_NE',
  'SCMP_CMP_LT',
  'SCMP_CMP_LE',
  'SCMP_CMP_EQ',
  'SCMP_CMP_GE',
  'SCMP_CMP_GT',
  'SCMP_CMP_MASKED_EQ',
]);

const MAX_PROFILE = 1 << 20;
const refuse = (why: string) => invalid(`Decoding seccomp profile failed: ${why}`);

type Json = Record<string, unknown>;

function object(value: unknown, what: string): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw refuse(`${what} is not an object`);
  return value as Json;
}

function list(value: unknown, what: string): unknown[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw refuse(`${what} is not a list`);
  return value;
}

function strings(value: unknown, what: string): string[] {
  return list(value, what).map((item) => {
    if (typeof item !== 'string') throw refuse(`${what} has something other than strings`);
    return item;
  });
}

function number(value: unknown, what: string): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0)
    throw refuse(`${what} is not an unsigned number`);
  return value;
}

function errno(value: unknown): { errnoRet?: number } {
  if (value === undefined || value === null) return {};
  const code = number(value, 'errnoRet');
  if (code > 4095) throw refuse('errnoRet is greater than 4095');
  return { errnoRet: code };
}

function action(value: unknown): SeccompAction {
  if (typeof value !== 'string' || !actions.has(value))
    throw refuse(`unknown action ${JSON.stringify(value)}`);
  return value as SeccompAction;
}

function argument(value: unknown): LinuxSeccompArg {
  const { index, value: compared, valueTwo = 0, op } = object(value, 'args');
  const position = number(index, 'index');
  if (position > 5) throw refuse('index is greater than 5');
  if (typeof op !== 'string' || !operators.has(op)) throw refuse(`unknown operator ${JSON.stringify(op)}`);
  return {
    index: position,
    value: number(compared, 'value'),
    valueTwo: number(valueTwo, 'valueTwo'),
    op: op as SeccompOperator,
  };
}

function condition(value: unknown): Condition {
  const { caps, arches, minKernel } = value ? object(value, 'a condition') : {};
  if (minKernel !== undefined && (typeof minKernel !== 'string' || !/^\d+\.\d+$/.test(minKernel)))
    throw refuse(`invalid kernel version ${JSON.stringify(minKernel)}`);
  return {
    caps: strings(caps, 'caps'),
    arches: strings(arches, 'arches'),
    minKernel: minKernel ?? '',
  };
}

function rule(value: unknown): ProfileRule {
  const { name, names, action: given, errnoRet, args, includes, excludes } = object(value, 'syscalls');
  if (name !== undefined && name !== '' && list(names, 'names').length > 0)
    throw refuse("'name' and 'names' are mutually exclusive");
  return {
    names: typeof name === 'string' && name !== '' ? [name] : strings(names, 'names'),
    action: action(given),
    ...errno(errnoRet),
    args: list(args, 'args').map(argument),
    includes: condition(includes),
    excludes: condition(excludes),
  };
}

function archMap(value: unknown): Profile['archMap'] {
  return list(value, 'archMap').map((item) => {
    const { architecture, subArchitectures } = object(item, 'archMap');
    if (typeof architecture !== 'string') throw refuse('architecture is not a string');
    return { architecture, subArchitectures: strings(subArchitectures, 'subArchitectures') };
  });
}

/** Throws Docker's "Decoding seccomp profile failed: …". */
export function profileOf(value: unknown): Profile {
  const profile = object(value, 'the profile');
  const { defaultErrnoRet, architectures, syscalls, flags } = profile;
  const architecturesGiven = strings(architectures, 'architectures');
  const map = archMap(profile.archMap);
  if (architecturesGiven.length > 0 && map.length > 0)
    throw invalid(
      "both 'architectures' and 'archMap' are specified in the seccomp profile, use either 'architectures' or 'archMap'",
    );
  const { errnoRet } = errno(defaultErrnoRet);
  return {
    defaultAction: action(profile.defaultAction),
    ...(errnoRet === undefined ? {} : { defaultErrnoRet: errnoRet }),
    archMap: map,
    architectures: architecturesGiven,
    flags: strings(flags, 'flags'),
    rules: list(syscalls, 'syscalls').map(rule),
  };
}

/** The last few texts seen: the same profile comes with every start of its containers. */
const seen = new Map<string, Profile>();
const SEEN_MAX = 8;

export function parseProfile(text: string): Profile {
  const known = seen.get(text);
  if (known) return known;
  if (text.length > MAX_PROFILE) throw refuse(`it is larger than ${MAX_PROFILE} bytes`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw refuse(messageOf(error));
  }
  const profile = profileOf(value);
  const oldest = seen.keys().next().value;
  if (seen.size >= SEEN_MAX && oldest !== undefined) seen.delete(oldest);
  seen.set(text, profile);
  return profile;
}
