/** Exec requests and their inspect JSON. */

import type { Exec, ExecRequest } from '../../containers/model.ts';
import { invalid } from '../../lib/errors.ts';
import type { ExecInspect } from '../types/exec.ts';
import { Fields } from './fields.ts';

function size(fields: Fields): [number, number] | null {
  if (!fields.has('ConsoleSize')) return null;
  const [rows = 0, columns = 0] = fields.items('ConsoleSize').map(Number);
  return [rows, columns];
}

export function parseExecCreate(body: unknown, version: number): ExecRequest {
  const fields = Fields.of(body, 'ExecCreateRequest');
  const cmd = fields.words('Cmd') ?? [];
  if (cmd.length === 0) throw invalid('No exec command specified');
  return {
    attachStdin: fields.boolean('AttachStdin'),
    attachStdout: fields.boolean('AttachStdout'),
    attachStderr: fields.boolean('AttachStderr'),
    tty: fields.boolean('Tty'),
    consoleSize: version >= 42 ? size(fields) : null,
    detachKeys: fields.text('DetachKeys'),
    env: fields.texts('Env'),
    workingDir: fields.text('WorkingDir'),
    user: fields.text('User'),
    privileged: fields.boolean('Privileged'),
    cmd,
  };
}

export interface ExecStart {
  detach: boolean;
  tty: boolean;
  consoleSize: [number, number] | null;
}

export function parseExecStart(body: unknown, version: number): ExecStart {
  const fields = Fields.of(body, 'ExecStartRequest');
  const start = {
    detach: fields.boolean('Detach'),
    tty: fields.boolean('Tty'),
    consoleSize: version >= 42 ? size(fields) : null,
  };
  if (start.consoleSize && start.detach && version >= 42)
    throw invalid('Tty is required with a console size, and cannot be detached');
  return start;
}

export function execJson({ id, containerId, request, state }: Exec): ExecInspect {
  const [entrypoint = '', ...rest] = request.cmd;
  return {
    ID: id,
    Running: state.status === 'running',
    ExitCode: state.status === 'exited' ? state.code : null,
    ProcessConfig: {
      tty: request.tty,
      entrypoint,
      arguments: rest,
      privileged: request.privileged,
      ...(request.user && { user: request.user }),
    },
    OpenStdin: request.attachStdin,
    OpenStderr: request.attachStderr,
    OpenStdout: request.attachStdout,
    CanRemove: state.status === 'exited',
    ContainerID: containerId,
    DetachKeys: request.detachKeys,
    Pid: state.status === 'created' ? 0 : state.pid,
  };
}
