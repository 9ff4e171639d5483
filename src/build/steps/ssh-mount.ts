/** `RUN --mount=type=ssh`: a socket in the container behind which is an agent that the client lends. */
import { randomBytes } from 'node:crypto';
import { chmodSync, chownSync, mkdirSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import type { MountPoint } from '../../containers/model.ts';
import { invalid } from '../../lib/errors.ts';
import type { Agents } from '../agents.ts';
import type { Mount } from '../dockerfile/dockerfile.ts';
import { bindPoint } from './mount-point.ts';

export type SshMount = Extract<Mount, { type: 'ssh' }>;

/** As BuildKit names them. */
export const sshTarget = (mount: SshMount, index: number): string =>
  mount.target ?? `/run/buildkit/ssh_agent.${index}`;

/**
 * `destination`: absolute, in the container. null: the client has no such agent, and the step can do without. The socket is there until
 * the stack is disposed.
 */
export async function sshMount(
  mount: SshMount,
  destination: string,
  { agents, execDirectory, signal }: { agents: Agents; execDirectory: string; signal: AbortSignal },
  stack: AsyncDisposableStack,
): Promise<MountPoint | null> {
  if (!agents.has(mount.id)) {
    if (mount.required) throw invalid(`no SSH key "${mount.id}" forwarded from the client`);
    return null;
  }
  mkdirSync(execDirectory, { recursive: true, mode: 0o700 });
  const source = join(execDirectory, `${randomBytes(8).toString('hex')}.sock`);
  await listen(source, (process) => void lendTo(process, agents, mount.id, signal), stack);
  chownSync(source, mount.uid ?? 0, mount.gid ?? 0);
  chmodSync(source, mount.mode ?? 0o600);
  return bindPoint(source, destination);
}

async function listen(
  path: string,
  serve: (connection: Socket) => void,
  stack: AsyncDisposableStack,
): Promise<void> {
  const open = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (connection) => {
    open.add(connection);
    connection.once('close', () => open.delete(connection));
    serve(connection);
  });
  stack.defer(() => {
    server.close();
    for (const connection of open) connection.destroy();
    rmSync(path, { force: true });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
}

/** Either side's end is the other's; so is its death. */
async function lendTo(process: Socket, agents: Agents, id: string, signal: AbortSignal): Promise<void> {
  process.on('error', () => process.destroy());
  const agent = await agents.borrow(id, signal);
  if (agent === null || process.destroyed) {
    process.destroy();
    agent?.destroy();
    return;
  }
  agent.on('error', () => agent.destroy());
  agent.once('close', () => process.destroy());
  process.once('close', () => agent.destroy());
  process.pipe(agent);
  agent.pipe(process);
}
