import { fileURLToPath } from 'node:url';
import { encodeOperations, Writer } from './encode.ts';
import { errnoName, errnoText } from './errno.ts';
import type { Operation } from './operations.ts';

let path: string | undefined;

/** Says where gantry-init is: a single-file build unpacks it somewhere at start. */
export function setNativePath(to: string): void {
  path = to;
}

/** The gantry-init executable: $GANTRY_INIT, else what `scripts/build-native.mjs` built in this checkout. */
export function nativePath(): string {
  path ??= process.env.GANTRY_INIT || fileURLToPath(new URL('../../build/gantry-init', import.meta.url));
  return path;
}

/** How the programs of gantry-init that do one piece of work are spawned: nothing of the daemon's goes along. */
export const workerOptions = {
  argv0: 'gantry-init',
  cwd: '/',
  env: {},
  stdout: 'pipe',
  stderr: 'pipe',
  killSignal: 'SIGKILL',
} as const;

/** What such a program says on stderr when it fails (native/fail.h: `{"error":"…"}`); null when it died before it could. */
export function workerError(stderr: string): string | null {
  try {
    const { error } = JSON.parse(stderr) as { error?: unknown };
    return typeof error === 'string' ? error : null;
  } catch {
    return null;
  }
}

/** The kernel (or gantry-init) refused an operation. */
export class OperationFailed extends Error {
  /** undefined: not one operation is to blame (a malformed list, a process that was killed). */
  readonly operation: Operation | undefined;
  /** `ENOENT` and the like. */
  readonly errno: string;
  /** The path, name or explanation that goes with it. */
  readonly detail: string;

  constructor(failure: Failure, list: readonly Operation[]) {
    const operation = list[failure.index];
    const reason = [failure.detail, errnoText(failure.errno)].filter(Boolean).join(': ');
    super(operation ? `${operation.op} ${reason}` : reason);
    this.name = 'OperationFailed';
    this.operation = operation;
    this.errno = errnoName(failure.errno);
    this.detail = failure.detail;
  }
}

/** A line that `gantry-init run` prints on stderr. */
interface Failure {
  index: number;
  errno: number;
  detail: string;
  warning?: boolean;
}

export interface RunOptions {
  signal?: AbortSignal;
  /** An operation with `optional: true` failed. */
  onWarning?: (warning: OperationFailed) => void;
}

function isFailure(value: unknown): value is Failure {
  return typeof value === 'object' && value !== null && 'errno' in value && 'detail' in value;
}

function parseLine(line: string): Failure | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return isFailure(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Lines that are not reports are the output of a program that the list executed. */
const reportsIn = (stderr: string): Failure[] => stderr.split('\n').flatMap((line) => parseLine(line) ?? []);

/** A list as `gantry-init run` reads it from stdin; what follows is the input of the program that it executes. */
export function framed(list: readonly Operation[]): Buffer {
  return new Writer().bytes(encodeOperations(list)).finish();
}

/** What ends such a list: its process becomes this program. */
export const execution = (argv: string[]): Operation => ({ op: 'exec', side: 'inside', argv });

/** Of what a run printed on stderr: the operation that failed; null when it was none. */
export function operationFailure(list: readonly Operation[], stderr: string): OperationFailed | null {
  const failure = reportsIn(stderr).find(({ warning }) => !warning);
  return failure ? new OperationFailed(failure, list) : null;
}

/** Throws what the run reported. */
function judge(list: readonly Operation[], code: number | null, stderr: string, options: RunOptions): void {
  const reports = reportsIn(stderr);
  for (const report of reports) if (report.warning) options.onWarning?.(new OperationFailed(report, list));
  const failure = reports.find((report) => !report.warning);
  if (failure) throw new OperationFailed(failure, list);
  if (code !== 0)
    throw new OperationFailed(
      { index: -1, errno: 0, detail: `gantry-init run: exit code ${code}: ${stderr.trim()}` },
      list,
    );
}

/**
 * Performs one list of operations in a gantry-init of its own (about 1 ms) and waits for its end: for what has to be done
 * where no container is being made. Throws OperationFailed.
 */
export async function runOperations(list: readonly Operation[], options: RunOptions = {}): Promise<void> {
  const child = Bun.spawn([nativePath(), 'run'], {
    stdin: framed(list),
    stdout: 'ignore',
    stderr: 'pipe',
    signal: options.signal,
  });
  const [stderr, code] = await Promise.all([new Response(child.stderr).text(), child.exited]);
  options.signal?.throwIfAborted();
  judge(list, code, stderr, options);
}

/** The same, blocking: for set-up before anything else runs. */
export function runOperationsSync(list: readonly Operation[], options: RunOptions = {}): void {
  const child = Bun.spawnSync([nativePath(), 'run'], {
    stdin: framed(list),
    stdout: 'ignore',
    stderr: 'pipe',
  });
  judge(list, child.exitCode, child.stderr.toString(), options);
}
