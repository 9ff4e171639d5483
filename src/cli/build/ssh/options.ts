/** `--ssh default|ID[=SOCKET|KEY[,KEY]]`. */
import { statSync } from 'node:fs';
import { reasonOf } from '../../create/files.ts';
import { ExitError } from '../../exit.ts';

export interface LentAgent {
  id: string;
  /** Paths of this machine. */
  source: { kind: 'socket'; path: string } | { kind: 'keys'; paths: readonly string[] };
}

export function parseAgents(values: readonly string[], env: NodeJS.ProcessEnv = process.env): LentAgent[] {
  const agents = values.map((value) => parseAgent(value, env));
  const again = agents.find(({ id }, index) => agents.findIndex((other) => other.id === id) !== index);
  if (again !== undefined) throw new ExitError(`invalid --ssh: ID ${again.id} is given twice`);
  return agents;
}

function parseAgent(value: string, env: NodeJS.ProcessEnv): LentAgent {
  const equals = value.indexOf('=');
  const id = (equals < 0 ? value : value.slice(0, equals)) || 'default';
  if (/[\r\n]/.test(id)) throw new ExitError(`invalid --ssh: invalid ID ${JSON.stringify(id)}`);
  const paths = equals < 0 ? [] : value.slice(equals + 1).split(',');
  if (paths.length === 0) return { id, source: { kind: 'socket', path: usualAgent(env) } };
  const sockets = paths.filter(isSocket);
  if (sockets.length > 1) throw new ExitError('only single socket allowed');
  if (sockets.length > 0 && paths.length > 1) throw new ExitError('invalid combination of keys and sockets');
  const [path = ''] = paths;
  return { id, source: sockets.length > 0 ? { kind: 'socket', path } : { kind: 'keys', paths } };
}

function usualAgent(env: NodeJS.ProcessEnv): string {
  const path = env.SSH_AUTH_SOCK ?? '';
  if (path === '') throw new ExitError('invalid empty ssh agent socket: make sure SSH_AUTH_SOCK is set');
  return path;
}

function isSocket(path: string): boolean {
  try {
    return statSync(path).isSocket();
  } catch (error) {
    throw new ExitError(`invalid --ssh: open ${path}: ${reasonOf(error)}`);
  }
}
