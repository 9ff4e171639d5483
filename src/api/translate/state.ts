/** A container's state as Docker shows it: the State of inspect and the Status text of ps. */

import type { Container, Exit, HealthState } from '../../containers/model.ts';
import { humanDuration } from '../../lib/duration.ts';
import type { ContainerState, Health } from '../types/containers.ts';
import { rfc3339 } from './time.ts';

type Status = ContainerState['Status'];

/** The last exit, where the state carries one. */
export function lastExit({ state }: Container): Exit | null {
  return state.status === 'created' || state.status === 'running' || state.status === 'paused'
    ? null
    : state.last;
}

/** A start that failed left an exit behind, but for Docker such a container is still "created". */
export function statusOf({ state }: Container): Status {
  return state.status === 'exited' && state.last.startedAt === 0 ? 'created' : state.status;
}

/** Docker's Running holds while paused and between restarts. */
export function isRunning({ state }: Container): boolean {
  return state.status === 'running' || state.status === 'paused' || state.status === 'restarting';
}

export function stateJson(container: Container): ContainerState {
  const { state } = container;
  const process = state.status === 'running' || state.status === 'paused' ? state.process : null;
  const last = lastExit(container);
  return {
    Status: statusOf(container),
    Running: isRunning(container),
    Paused: state.status === 'paused',
    Restarting: state.status === 'restarting',
    OOMKilled: last?.oom ?? false,
    Dead: state.status === 'dead',
    Pid: process?.pid ?? 0,
    ExitCode: last?.code ?? 0,
    Error: state.status === 'dead' ? state.error : (last?.error ?? ''),
    StartedAt: rfc3339(process?.startedAt ?? last?.startedAt ?? 0),
    FinishedAt: rfc3339(last && last.startedAt > 0 ? last.finishedAt : 0),
    ...(container.health && { Health: healthJson(container.health) }),
  };
}

function healthJson(health: HealthState): Health {
  return {
    Status: health.status,
    FailingStreak: health.failingStreak,
    Log: health.log.map(({ start, end, exitCode, output }) => ({
      Start: rfc3339(start),
      End: rfc3339(end),
      ExitCode: exitCode,
      Output: output,
    })),
  };
}

/** The STATUS column. `now` in milliseconds since the epoch. */
export function statusText(container: Container, now: number): string {
  const { state, health } = container;
  switch (state.status) {
    case 'created':
      return 'Created';
    case 'running': {
      const up = `Up ${humanDuration(now - state.process.startedAt)}`;
      if (!health) return up;
      return `${up} (${health.status === 'starting' ? 'health: starting' : health.status})`;
    }
    case 'paused':
      return `Up ${humanDuration(now - state.process.startedAt)} (Paused)`;
    case 'restarting':
      return `Restarting (${state.last.code}) ${humanDuration(now - state.last.finishedAt)} ago`;
    case 'exited':
      if (state.last.startedAt === 0) return 'Created';
      return `Exited (${state.last.code}) ${humanDuration(now - state.last.finishedAt)} ago`;
    case 'removing':
      return 'Removal In Progress';
    case 'dead':
      return 'Dead';
  }
}
