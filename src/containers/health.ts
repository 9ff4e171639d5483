/** HEALTHCHECK: runs a command in the container again and again and tells how it is. Rules of moby daemon/health.go. */
import { messageOf } from '../lib/errors.ts';
import { newExecId } from '../lib/ids.ts';
import { type Context, emitContainer } from './context.ts';
import { launchExec } from './exec.ts';
import type { Container, Exec, HealthCheck, HealthState } from './model.ts';

const second = 1000;
const defaults = { interval: 30 * second, timeout: 30 * second, startInterval: 5 * second, retries: 3 };
const keptResults = 5;
const longestOutput = 4096;

type Result = HealthState['log'][number];

/** The command to run; null when there is no check. */
export function healthCommand(check: HealthCheck | null, shell: string[] | null): string[] | null {
  const [kind, ...rest] = check?.test ?? [];
  if (kind === 'CMD') return rest.length > 0 ? rest : null;
  if (kind === 'CMD-SHELL') return [...(shell ?? ['/bin/sh', '-c']), ...rest];
  return null;
}

/** What one result makes of the state. During the start period failures do not count. */
export function nextHealth(
  before: HealthState,
  result: Result,
  retries: number,
  starting: boolean,
): HealthState {
  const log = [...before.log, result].slice(-keptResults);
  if (result.exitCode === 0) return { status: 'healthy', failingStreak: 0, log };
  if (starting && before.status === 'starting') return { status: 'starting', failingStreak: 0, log };
  const failingStreak = before.failingStreak + 1;
  return { status: failingStreak >= retries ? 'unhealthy' : before.status, failingStreak, log };
}

const milliseconds = (nanoseconds: number, fallback: number) =>
  nanoseconds > 0 ? nanoseconds / 1e6 : fallback;

/** Begins the checks of a run (or goes on with them after a daemon's restart). */
export function startHealthChecks(context: Context, container: Container): void {
  const { id, config } = container;
  const command = healthCommand(config.healthcheck, config.shell);
  if (command === null || config.healthcheck === null) return;
  const abort = new AbortController();
  context.activities.of(id).health = abort;
  if (container.health === null)
    context.store.update(id, { health: { status: 'starting', failingStreak: 0, log: [] } });
  checkForEver(context, container, command, config.healthcheck, abort.signal).catch((error) =>
    context.log('warn', 'health checks ended', { id, error: messageOf(error) }),
  );
}

async function checkForEver(
  context: Context,
  container: Container,
  command: string[],
  check: HealthCheck,
  signal: AbortSignal,
): Promise<void> {
  const { id } = container;
  const startedAt = 'process' in container.state ? container.state.process.startedAt : Date.now();
  const startPeriod = milliseconds(check.startPeriod, 0);
  const timeout = milliseconds(check.timeout, defaults.timeout);
  const retries = check.retries || defaults.retries;
  for (;;) {
    const starting = () => Date.now() - startedAt < startPeriod;
    const inStart = starting() && context.store.byId(id).health?.status === 'starting';
    const pause = inStart
      ? milliseconds(check.startInterval, defaults.startInterval)
      : milliseconds(check.interval, defaults.interval);
    await sleep(pause, signal);
    if (signal.aborted) return;
    if (context.store.byId(id).state.status !== 'running') continue;
    const result = await probe(context, id, command, timeout);
    if (signal.aborted || context.life.closed || !context.store.has(id)) return;
    record(context, id, result, retries, starting());
  }
}

function record(
  context: Context,
  id: Container['id'],
  result: Result,
  retries: number,
  starting: boolean,
): void {
  const before = context.store.byId(id).health ?? { status: 'starting', failingStreak: 0, log: [] };
  const health = nextHealth(before, result, retries, starting);
  const container = context.store.update(id, { health });
  if (health.status !== before.status) emitContainer(context, container, `health_status: ${health.status}`);
}

async function probe(
  context: Context,
  id: Container['id'],
  command: string[],
  timeout: number,
): Promise<Result> {
  const start = Date.now();
  const finish = (exitCode: number, output: string): Result => ({ start, end: Date.now(), exitCode, output });
  const container = context.store.byId(id);
  const exec: Exec = {
    id: newExecId(),
    containerId: id,
    request: request(command),
    state: { status: 'created' },
  };
  context.execs.add(exec);
  emitContainer(context, container, `exec_create: ${command.join(' ')}`, { execID: exec.id });
  let timer: ReturnType<typeof setTimeout> | undefined;
  try {
    const wants = { stdin: false, stdout: true, stderr: true };
    const stream = await launchExec(context, container, exec, wants, null, null);
    const late = new Promise<null>((resolve) => {
      timer = setTimeout(resolve, timeout, null);
    });
    const output = { text: '' };
    const done = Promise.all([context.execs.exited(exec.id), stream && collect(stream.output, output)]);
    const outcome = await Promise.race([done, late]);
    if (outcome !== null) return finish(outcome[0], output.text);
    await context.activities.of(id).shim?.signal(exec.id, 9);
    stream?.close();
    return finish(
      -1,
      `Health check exceeded timeout (${formatTimeout(timeout)})${output.text && `: ${output.text}`}`,
    );
  } catch (error) {
    return finish(-1, messageOf(error));
  } finally {
    clearTimeout(timer);
    context.execs.remove(exec.id);
  }
}

const formatTimeout = (ms: number) => (ms % second === 0 ? `${ms / second}s` : `${ms}ms`);

function request(cmd: string[]): Exec['request'] {
  return {
    attachStdin: false,
    attachStdout: true,
    attachStderr: true,
    tty: false,
    consoleSize: null,
    detachKeys: '',
    env: [],
    workingDir: '',
    user: '',
    privileged: false,
    cmd,
  };
}

/** The text of Docker's frames, without their headers; what is too long is cut off but read. */
async function collect(frames: ReadableStream<Uint8Array>, into: { text: string }): Promise<void> {
  let rest = Buffer.alloc(0);
  for await (const chunk of frames) {
    rest = Buffer.concat([rest, chunk]);
    while (rest.length >= 8) {
      const size = rest.readUInt32BE(4);
      if (rest.length < 8 + size) break;
      if (into.text.length < longestOutput) into.text += rest.toString('utf8', 8, 8 + size);
      rest = rest.subarray(8 + size);
    }
  }
  into.text = into.text.slice(0, longestOutput);
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done, { once: true });
    function done() {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
  });
}
