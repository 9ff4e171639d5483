/** /dev/shm of a container whose ipc namespace others may join: a tmpfs on the host, bound into each of them. */
import { mkdirSync, statSync } from 'node:fs';
import { conflict, internal } from '../lib/errors.ts';
import { MS } from '../linux/flags.ts';
import { runOperations } from '../linux/native.ts';
import type { Context } from './context.ts';
import type { Container } from './model.ts';
import { joinedContainer } from './validate-modes.ts';

const directoryOf = (context: Context, { id }: Pick<Container, 'id'>) => `${context.paths.of(id).run}/shm`;

/** The host directory that becomes /dev/shm; undefined when the container has one of its own. */
export function sharedShmOf(context: Context, container: Container): string | undefined {
  const ref = joinedContainer(container.hostConfig.ipcMode);
  const owner = ref === null ? container : context.store.find(ref);
  if (owner.hostConfig.ipcMode === 'shareable') return directoryOf(context, owner);
  if (ref === null) return undefined;
  throw conflict(
    `can't join IPC of container ${owner.id}: non-shareable IPC (hint: use IpcMode:shareable for the donor container)`,
  );
}

export async function mountSharedShm(context: Context, container: Container): Promise<void> {
  if (container.hostConfig.ipcMode !== 'shareable') return;
  const path = directoryOf(context, container);
  mkdirSync(path, { recursive: true, mode: 0o700 });
  await runOperations([
    {
      op: 'mount-root',
      side: 'host',
      source: 'shm',
      path,
      fstype: 'tmpfs',
      flags: MS.NOSUID | MS.NODEV | MS.NOEXEC,
      data: `mode=1777,size=${container.hostConfig.shmSize}`,
      cwd: '',
    },
  ]);
}

export async function unmountSharedShm(context: Context, container: Container): Promise<void> {
  if (container.hostConfig.ipcMode !== 'shareable') return;
  const path = directoryOf(context, container);
  const here = statSync(path, { throwIfNoEntry: false });
  if (here === undefined || here.dev === statSync(context.paths.of(container.id).run).dev) return;
  const child = Bun.spawn(['umount', '--lazy', path], { stdin: 'ignore', stdout: 'ignore', stderr: 'pipe' });
  if ((await child.exited) !== 0)
    throw internal(`cannot unmount ${path}: ${(await new Response(child.stderr).text()).trim()}`);
}
