/** RUN. */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { MountPoint } from '../../containers/model.ts';
import { ownMountPoints } from '../../containers/spec-mounts.ts';
import type { Layer } from '../../images/model.ts';
import { forbidden, unsupported } from '../../lib/errors.ts';
import type { Operational } from '../../lib/op.ts';
import type { Platform } from '../../oci/image.ts';
import { formatPlatform, hostPlatform, platformScore } from '../../oci/platform.ts';
import { stepKey } from '../cache/key.ts';
import type { Mount, Run } from '../dockerfile/dockerfile.ts';
import type { Entitlement, StepLimits } from '../model.ts';
import type { BuildParts } from '../parts.ts';
import type { Step } from '../report.ts';
import { shellOf } from '../stage/configure.ts';
import { chainOf, platformOf, runConfigOf, type StageState } from '../stage/state.ts';
import { bindPoint } from './mount-point.ts';
import { identityOf, type MountNeeds, realize } from './mounts.ts';
import { runProcess } from './run-process.ts';

export interface RunRequest {
  instruction: Run<Mount>;
  /** What the process sees: ENV and ARG. */
  variables: ReadonlyMap<string, string>;
  /** Seen as well, but no part of what the step is told apart by. */
  proxies: ReadonlyMap<string, string>;
  /** Of the build: "default", or what --network says. */
  network: string;
  limits: StepLimits;
  allow: ReadonlySet<Entitlement>;
  needs: Omit<MountNeeds, 'parts' | 'workingDir'>;
}

type Turn = <T>(work: () => Promise<T>) => Promise<T>;

export interface PreparedRun {
  key: string;
  /** `turn`: waits until another process may run. */
  perform(step: Step, newest: number | null, turn: Turn, op: Operational): Promise<Layer | null>;
}

export async function prepareRun(
  parts: BuildParts,
  state: StageState,
  request: RunRequest,
): Promise<PreparedRun> {
  const { instruction, variables, limits } = request;
  assertAllowed(request);
  assertRunnable(platformOf(state));
  const { User: user = '', WorkingDir: workingDir = '' } = runConfigOf(state);
  const needs = { ...request.needs, parts, workingDir: workingDir || '/' };
  const mounts = [];
  for (const mount of instruction.mounts) mounts.push(await identityOf(mount, needs));
  const network = networkOf(request);
  const { command, security } = instruction;
  const env = assignments(variables);
  const inputs = {
    command:
      command.form === 'exec'
        ? ['exec', ...command.argv]
        : [...argvOf(state, instruction), command.form, command.text],
    env: env.toSorted(),
    user,
    workingDir,
    network,
    security,
    hosts: limits.extraHosts,
    mounts,
  };
  return {
    key: stepKey('run', chainOf(state), inputs),
    // What the mounts wait for may need a turn itself, so they come first.
    perform: async (step, newest, turn, op) => {
      await using stack = new AsyncDisposableStack();
      const made = await realize(instruction.mounts, needs, stack);
      const script = command.form === 'script' ? scriptFile(parts, command, stack) : null;
      const points = [...made.points, ...(script === null ? [] : [script])];
      const process = {
        argv: argvOf(state, instruction),
        env: [...env, ...assignments(request.proxies), ...made.env],
        user,
        workingDir,
        network,
        privileged: security === 'insecure',
        mounts: points,
        limits,
        labels: {},
      };
      const mountPoints = [...ownMountPoints, ...points.map(({ destination }) => destination.slice(1))];
      return await turn(() => runProcess(parts, state, process, { step, newest, mountPoints }, op));
    },
  };
}

/** Programs of another architecture run where binfmt_misc(5) has an emulator for them. */
function assertRunnable(platform: Platform): void {
  const host = hostPlatform();
  const emulator = `/proc/sys/fs/binfmt_misc/qemu-${emulators[platform.architecture] ?? platform.architecture}`;
  if (platformScore(host, platform) > 0 || platform.architecture === '386' || existsSync(emulator)) return;
  throw unsupported(
    `RUN for ${formatPlatform(platform)} on ${formatPlatform(host)} needs an emulator registered with binfmt_misc`,
  );
}

/** qemu's names where they are not Go's. */
const emulators: Record<string, string> = { arm64: 'aarch64', '386': 'i386', amd64: 'x86_64' };

/** As BuildKit: what reaches beyond the step has to be granted by whoever builds, not by the Dockerfile. */
function assertAllowed({ instruction, network, allow }: RunRequest): void {
  if (instruction.security === 'insecure' && !allow.has('security.insecure'))
    throw forbidden('security.insecure is not allowed');
  if (instruction.network === 'host' && network !== 'host' && !allow.has('network.host'))
    throw forbidden('network.host is not allowed');
}

const assignments = (variables: ReadonlyMap<string, string>): string[] =>
  [...variables].map(([name, value]) => `${name}=${value}`);

function networkOf({ instruction, network }: RunRequest): string {
  if (instruction.network === 'default') return network || 'default';
  return instruction.network;
}

const scriptPath = (name: string): string => `/dev/pipes/${name}`;

function argvOf(state: StageState, { command }: Run<Mount>): string[] {
  if (command.form === 'exec') return [...command.argv];
  return command.form === 'script' ? [scriptPath(command.name)] : [...shellOf(state), command.text];
}

function scriptFile(
  { execDirectory }: BuildParts,
  { name, text }: { name: string; text: string },
  stack: AsyncDisposableStack,
): MountPoint {
  mkdirSync(execDirectory, { recursive: true, mode: 0o700 });
  const source = join(execDirectory, randomBytes(16).toString('hex'));
  writeFileSync(source, text, { mode: 0o755, flag: 'wx' });
  stack.defer(() => rmSync(source, { force: true }));
  return bindPoint(source, scriptPath(name));
}
