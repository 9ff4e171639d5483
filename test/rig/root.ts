/** A snapshot's root file system for tests, mounted by the operations with which the engine mounts it. */
import { Writer } from '../../src/linux/encode.ts';
import { CLONE, MS } from '../../src/linux/flags.ts';
import type { RootMount } from '../../src/linux/mounts.ts';
import { nativePath } from '../../src/linux/native.ts';
import type { Operation } from '../../src/linux/operations.ts';
import { rootOperations } from '../../src/linux/root-mount.ts';
import { succeed } from './command.ts';

/** Runs a shell script of the host with the root as working directory, in a mount namespace of its own. */
export function inRoot(root: RootMount, script: string): Promise<string> {
  const { server, mount } = rootOperations(root, '/mnt', 'inside');
  const list: Operation[] = [
    ...server,
    { op: 'clone', side: 'host', flags: CLONE.NEWNS, cgroup: '' },
    { op: 'propagation', side: 'inside', path: '/', flags: MS.REC | MS.PRIVATE },
    mount,
    { op: 'env', side: 'inside', values: [`PATH=${process.env.PATH}`] },
    { op: 'exec', side: 'inside', argv: ['/bin/sh', '-ec', `cd /mnt; ${script}`] },
  ];
  const stdin = new Writer().bytes(new Writer().operations(list).finish()).finish();
  return succeed([nativePath(), 'run'], { stdin });
}
