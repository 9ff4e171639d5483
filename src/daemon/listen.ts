/** Opens what the daemon was told to listen on. */
import { lstatSync, mkdirSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import { invalid } from '../lib/errors.ts';
import type { Log } from '../lib/op.ts';
import { defaults } from './defaults.ts';
import type { DaemonOptions, TlsFiles } from './options.ts';

/** The part of the API server that this file uses. */
export interface Listener {
  listenUnix(path: string, options: { mode: number; group: string }): Promise<void>;
  listenTcp(host: string, port: number, tls?: TlsFiles): Promise<void>;
}

/** Whether a process answers on the unix socket. */
function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

/** Nothing owns a path that is absent or a socket whose server is gone; anything else there is somebody's. */
async function isFree(path: string): Promise<boolean> {
  try {
    if (!lstatSync(path).isSocket()) return false;
  } catch {
    return true;
  }
  return !(await answers(path));
}

async function listenUnix(server: Listener, path: string, options: DaemonOptions): Promise<void> {
  if (await answers(path)) throw invalid(`unix://${path} is in use by another daemon`);
  mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
  await server.listenUnix(path, { mode: options.group ? 0o660 : 0o600, group: options.group });
}

async function listenTcp(server: Listener, address: string, options: DaemonOptions, log: Log): Promise<void> {
  if (!URL.canParse(`http://${address}`)) throw invalid(`Invalid bind address format: tcp://${address}`);
  const url = new URL(`http://${address}`);
  const port = url.port === '' ? (options.tls ? 2376 : 2375) : Number(url.port);
  const host = url.hostname.replace(/^\[|\]$/g, '') || '127.0.0.1';
  if (!options.tls?.verify)
    log(
      'warn',
      `API is accessible on tcp://${host}:${port} without client certificates: whoever reaches it is root here`,
    );
  await server.listenTcp(host, port, options.tls ?? undefined);
}

export async function listenAll(server: Listener, options: DaemonOptions, log: Log): Promise<void> {
  for (const host of options.hosts) {
    if (host.startsWith('unix://')) await listenUnix(server, host.slice('unix://'.length), options);
    else if (host.startsWith('tcp://')) await listenTcp(server, host.slice('tcp://'.length), options, log);
    else throw invalid(`Invalid bind address format: ${host}: use unix:// or tcp://`);
    log('info', `API listen on ${host}`);
  }
  if (options.hosts.length > 0) return;
  await listenUnix(server, defaults.socket, options);
  if (await isFree(defaults.dockerSocket)) await listenUnix(server, defaults.dockerSocket, options);
  else log('info', `${defaults.dockerSocket} belongs to someone else and is left alone`);
}
