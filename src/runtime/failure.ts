/**
 * What gantry-init reports when an operation fails, in Docker's words. The docker CLI makes exit codes 126 and 127 out of
 * the texts, so their ends ("executable file not found in $PATH", "permission denied", …) are exact.
 */
import { EngineError } from '../lib/errors.ts';
import { errnoName, errnoText } from '../linux/errno.ts';
import type { Operation } from '../linux/operations.ts';
import { subpathDetail, subpathError } from './subpath.ts';

export interface Failed {
  /** Index into the operations; 2^32-1 when none of them is to blame. */
  index: number;
  errno: number;
  /** As gantry-init says it: the path, name, or a whole sentence. */
  detail: string;
}

/** The detail already is the sentence that Docker's users know. */
const complete: ReadonlySet<Operation['op']> = new Set(['user']);

const withCause = (text: string, { errno }: Failed) => (errno === 0 ? text : `${text}: ${errnoText(errno)}`);

function mountText(source: string, target: string, failed: Failed): string {
  const { detail } = failed;
  const more = detail === '' || detail === target || detail === source ? '' : `: ${detail}`;
  return withCause(`error mounting "${source}" to rootfs at "${target}"${more}`, failed);
}

function execText(argv: readonly string[], failed: Failed): string {
  const { detail, errno } = failed;
  const name = argv[0] ?? '';
  if (/^exec[: ]/.test(detail) || detail === 'no command specified') return detail;
  return `exec ${detail === '' ? name : detail}: ${errnoText(errno)}`;
}

function cgroupText(path: string, data: string, failed: Failed): string {
  return withCause(
    `error setting cgroup config for procHooks process: failed to write "${data}": write ${path}`,
    failed,
  );
}

/** gantry-init's sentence when the directory turned out to be outside of the root (CVE-2024-21626), else runc's. */
function chdirText(target: string, { detail, errno }: Failed): string {
  if (detail.startsWith('current working directory is outside')) return detail;
  return `chdir to cwd ("${target}") set in config.json failed: ${errnoText(errno)}`;
}

const isCgroup = (path: string) => path.startsWith('/sys/fs/cgroup/');

/** What went wrong, without saying during what. */
function causeText(operation: Operation, failed: Failed): string {
  const { detail } = failed;
  if (complete.has(operation.op) && detail !== '') return detail;
  switch (operation.op) {
    case 'exec':
      return execText(operation.argv, failed);
    case 'chdir':
      return chdirText(operation.target, failed);
    case 'bind':
    case 'mount':
      return mountText(operation.source, operation.target, failed);
    case 'mount-root':
      return mountText(operation.source, operation.path, failed);
    case 'bind-root':
      return mountText(operation.source, operation.path, failed);
    case 'mkdir':
      return withCause(
        isCgroup(operation.path)
          ? `unable to apply cgroup configuration: mkdir ${operation.path}`
          : `mkdir ${operation.path}`,
        failed,
      );
    case 'write':
      return isCgroup(operation.path)
        ? cgroupText(operation.path, operation.data, failed)
        : withCause(`write ${operation.path}`, failed);
    case 'write-pid':
      return withCause(`unable to apply cgroup configuration: failed to write to ${operation.path}`, failed);
    case 'sysctl':
      return withCause(
        `write sysctl ${operation.name}=${operation.value}: ${detail || operation.name}`,
        failed,
      );
    case 'clone':
      return withCause('unable to clone', failed);
    case 'seccomp':
      return withCause('unable to init seccomp: error loading seccomp filter into kernel', failed);
    case 'mask':
      return withCause(`can't mask path "${operation.target}"`, failed);
    case 'readonly':
      return withCause(`can't make "${operation.target}" read-only`, failed);
    default:
      return withCause(detail === '' ? operation.op : `${operation.op}: ${detail}`, failed);
  }
}

const invocation =
  /executable file not found|no such file or directory|permission denied|is a directory|exec format error|not a directory/;
const mountHint =
  ': Are you trying to mount a directory onto a file (or vice-versa)? Check if the specified host path exists and is the expected type';

function describe(operations: readonly Operation[], failed: Failed): { operation?: Operation; text: string } {
  const operation = operations[failed.index];
  if (!operation) return { text: withCause(failed.detail || 'gantry-init', failed) };
  return { operation, text: causeText(operation, failed) };
}

/** Docker answers 400 when the container's own settings are at fault, else 500. */
function errorOf(prefix: string, operation: Operation | undefined, text: string, hint: string): EngineError {
  const users = operation && ['exec', 'bind', 'mount', 'chdir', 'user', 'sysctl'].includes(operation.op);
  return new EngineError(
    users && invocation.test(text) ? 'invalid' : 'internal',
    `${prefix}${text}: unknown${hint}`,
  );
}

/**
 * Why a container could not be started. Docker looks users up itself and says no more than that they are missing. "error during container init" is said of what failed inside, as runc does.
 */
export function startError(operations: readonly Operation[], failed: Failed): EngineError {
  const { operation, text } = describe(operations, failed);
  if (operation?.op === 'user') return new EngineError('invalid', text);
  if (operation?.op === 'bind' && failed.detail === subpathDetail)
    return subpathError(operation.source, operation.subpath, errnoName(failed.errno));
  const during = operation?.side === 'inside' ? 'error during container init: ' : '';
  const isMount = operation?.op === 'bind' || operation?.op === 'mount';
  return errorOf(
    `failed to create task for container: failed to create shim task: OCI runtime create failed: gantry-init create failed: unable to start container process: ${during}`,
    operation,
    text,
    isMount && text.includes('not a directory') ? mountHint : '',
  );
}

/** Why an exec could not be started. */
export function execError(operations: readonly Operation[], failed: Failed): EngineError {
  const { operation, text } = describe(operations, failed);
  if (operation?.op === 'user') return new EngineError('invalid', text);
  return errorOf(
    'OCI runtime exec failed: exec failed: unable to start container process: ',
    operation,
    text,
    '',
  );
}

/** What Docker records as exit code of a container that never ran (moby daemon/start.go). */
export function startExitCode(error: Error): number {
  const text = error.message.toLowerCase();
  if (/executable file not found|no such file or directory|system cannot find the file specified/.test(text))
    return 127;
  if (/permission denied|is a directory/.test(text)) return 126;
  return text.includes('not a directory') ? 127 : 128;
}
