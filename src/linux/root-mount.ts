import type { RootMount } from './mounts.ts';
import type { Operation } from './operations.ts';

export interface RootOperations {
  /** Must stand first in the list, before any namespace is made or entered. */
  server: Operation[];
  /** Mounts the root on `path`, in the mount namespace of `side`. */
  mount: Operation;
}

/** `path`: an existing directory of the host. */
export function rootOperations(root: RootMount, path: string, side: Operation['side']): RootOperations {
  switch (root.kind) {
    case 'bind':
      return { server: [], mount: { op: 'bind-root', side, source: root.source, path } };
    case 'mount': {
      const { source, fstype, flags, data, cwd } = root;
      return { server: [], mount: { op: 'mount-root', side, source, path, fstype, flags, data, cwd } };
    }
    case 'fuse': {
      const { source, argv, cwd } = root;
      return {
        server: [{ op: 'fuse-serve', side: 'host', source, cwd, argv }],
        mount: { op: 'fuse-root', side, path },
      };
    }
  }
}
