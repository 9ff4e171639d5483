/** docker exec: a second process in a running container, made by the shim that is there already. */
import { conflict, invalid } from '../lib/errors.ts';
import { type ExecId, newExecId } from '../lib/ids.ts';
import type { Spec } from '../oci/runtime.ts';
import { planExec } from '../runtime/exec.ts';
import { execError } from '../runtime/failure.ts';
import { ShimExecFailed, ShimGone } from '../shim/client.ts';
import { type Context, emitContainer } from './context.ts';
import { parseDetachKeys } from './detach-keys.ts';
import { hostFacts } from './facts.ts';
import { withLinkEnvironment } from './links.ts';
import type { Container, ContainerStream, Exec, ExecRequest } from './model.ts';
import { cgroupsPath } from './spec.ts';
import { specOf } from './spec-of.ts';
import { execProcess } from './spec-process.ts';
import { parseSecurityOptions } from './spec-security.ts';
import { DeferredStream } from './stream.ts';

export async function createExec(context: Context, ref: string, request: ExecRequest): Promise<ExecId> {
  const container = context.store.find(ref);
  assertRunning(container, ref);
  if (request.cmd.length === 0) throw invalid('No exec command specified');
  parseDetachKeys(request.detachKeys);
  const exec: Exec = { id: newExecId(), containerId: container.id, request, state: { status: 'created' } };
  context.execs.add(exec);
  emitContainer(context, container, `exec_create: ${request.cmd.join(' ')}`, { execID: exec.id });
  return exec.id;
}

function assertRunning(container: Container, ref: string) {
  const { state, id } = container;
  if (state.status === 'paused')
    throw conflict(`container ${ref} is paused, unpause the container before exec`);
  if (state.status === 'restarting')
    throw conflict(`container ${ref} is restarting, wait until the container is running`);
  if (state.status !== 'running') throw conflict(`container ${id} is not running`);
  return state.process;
}

export interface StartExecOptions {
  detach: boolean;
  tty: boolean;
  consoleSize: [number, number] | null;
}

export async function startExec(
  context: Context,
  id: string,
  options: StartExecOptions,
): Promise<{ stream: ContainerStream | null }> {
  const exec = context.execs.get(id);
  if (exec.state.status === 'exited') throw conflict(`Error: Exec command ${id} has already run`);
  if (exec.state.status === 'running') throw conflict(`Error: Exec command ${id} is already running`);
  const container = context.store.byId(exec.containerId);
  const { request } = exec;
  const wants = {
    stdin: request.attachStdin && !options.detach,
    stdout: request.attachStdout && !options.detach,
    stderr: request.attachStderr && !options.detach,
  };
  const detachKeys = request.tty ? parseDetachKeys(request.detachKeys) : null;
  const stream = await launchExec(context, container, exec, wants, options.consoleSize, detachKeys);
  return { stream };
}

/** Claims the exec before anything is awaited, so that it runs once. */
export async function launchExec(
  context: Context,
  container: Container,
  exec: Exec,
  wants: { stdin: boolean; stdout: boolean; stderr: boolean },
  consoleSize: [number, number] | null,
  detachKeys: Uint8Array | null,
): Promise<DeferredStream | null> {
  const target = assertRunning(container, container.id);
  const { shim } = context.activities.of(container.id);
  if (shim === null) throw conflict(`container ${container.id} is not running`);
  const request = { ...exec.request, consoleSize: consoleSize ?? exec.request.consoleSize };
  const operations = planExec(
    execSpec(context, container),
    processOf(withLinkEnvironment(context, container), request),
    {
      pid: target.pid,
      startTime: target.startTime,
      cgroupPath: cgroupsPath(container),
      cgroups: context.cgroups,
    },
  );
  context.execs.setState(exec.id, { status: 'running', pid: 0 });
  emitContainer(context, container, `exec_start: ${request.cmd.join(' ')}`, { execID: exec.id });
  try {
    if (request.workingDir !== '' && !request.workingDir.startsWith('/'))
      throw invalid('OCI runtime exec failed: exec failed: Cwd must be an absolute path: unknown');
    const { pid, stream } = await shim.exec(exec.id, operations, { ...wants, tty: request.tty });
    context.execs.setState(exec.id, { status: 'running', pid });
    if (stream === null) return null;
    const deferred = new DeferredStream(request.tty, wants, detachKeys);
    deferred.endsWithInput = wants.stdin && request.tty;
    deferred.onClose = (detached) => {
      if (detached) emitContainer(context, container, 'exec_detach', { execID: exec.id });
    };
    // The exit code comes on another connection than the output; whoever saw the end may ask for it.
    deferred.gone = context.execs.exited(exec.id);
    deferred.connect(stream);
    return deferred;
  } catch (error) {
    const failure = error instanceof ShimExecFailed ? execError(operations, error) : error;
    const code = error instanceof ShimGone ? 128 : failedExecCode(String(failure));
    context.execs.setState(exec.id, { status: 'exited', pid: 0, code });
    emitContainer(context, container, 'exec_die', { execID: exec.id, exitCode: String(code) });
    if (error instanceof ShimGone) throw conflict(`container ${container.id} is not running`);
    throw failure;
  }
}

/** Docker's: 127 when the program is missing, 126 when it cannot be run. */
function failedExecCode(message: string): number {
  return /executable file not found|no such file or directory/i.test(message) ? 127 : 126;
}

const specs = new WeakMap<object, Spec>();

/** The spec of this run; the process object is made anew at each start, so it names the run. */
function execSpec(context: Context, container: Container): Spec {
  const key = 'process' in container.state ? container.state.process : container;
  const known = specs.get(key);
  if (known !== undefined) return known;
  const spec = specOf(context, container);
  specs.set(key, spec);
  return spec;
}

function processOf(container: Container, request: ExecRequest) {
  const { noNewPrivileges } = parseSecurityOptions(container.hostConfig.securityOpt);
  return execProcess(container, request, hostFacts().capabilities, noNewPrivileges);
}

export async function resizeExec(context: Context, id: string, rows: number, columns: number): Promise<void> {
  const exec = context.execs.get(id);
  if (exec.state.status !== 'running') throw conflict(`exec ${id} is not running`);
  await context.activities.of(exec.containerId).shim?.resize(exec.id, rows, columns);
}
