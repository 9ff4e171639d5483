/** Trees that the build reads and writes, and how gantry-init's `index` and `place` get at them. */
import { FileProgram } from '../../containers/file-program.ts';
import { CLONE, MS } from '../../linux/flags.ts';
import type { RootMount } from '../../linux/mounts.ts';
import { execution, framed, nativePath } from '../../linux/native.ts';
import type { Operation } from '../../linux/operations.ts';
import { rootOperations } from '../../linux/root-mount.ts';
import type { KnownFiles } from './known-files.ts';

export type SourceTree =
  /** `known`: what needs not be looked at again. */
  | { kind: 'directory'; path: string; known?: KnownFiles }
  /** `mounts`: of the snapshotter. While a program works on a writable one nobody else may have it mounted. */
  | { kind: 'snapshot'; mounts: RootMount };

/**
 * Where snapshots are mounted, in the mount namespace of the program alone: directories that every host has, that hold none of the
 * trees, and that the program does not need. So nothing has to be made on the host, and nothing can be left.
 */
const places = { source: '/sys', target: '/proc' } as const;

type Place = keyof typeof places;

interface Reached {
  /** What the program is told. */
  directory: string;
  /** Performed before, in a process that then becomes the program. */
  operations: Operation[] | null;
}

function reach(tree: SourceTree, place: Place): Reached {
  if (tree.kind === 'directory') return { directory: tree.path, operations: null };
  if (tree.mounts.kind === 'bind') return { directory: tree.mounts.source, operations: null };
  const directory = places[place];
  const { server, mount } = rootOperations(tree.mounts, directory, 'inside');
  const operations: Operation[] = [
    ...server,
    { op: 'clone', side: 'host', flags: CLONE.NEWNS, cgroup: '' },
    { op: 'propagation', side: 'inside', path: '/', flags: MS.PRIVATE | MS.REC },
    mount,
  ];
  return { directory, operations };
}

export interface Started extends AsyncDisposable {
  program: FileProgram;
  /** Everything that it reads; to be called once, also for nothing. */
  feed(input: Iterable<Uint8Array>): Promise<void>;
}

/** The option by which each is told of the source. */
const secondTree = { index: '--source', place: '--source', tar: '--compare' } as const;

/**
 * `args`: what comes behind the target's directory. Of two snapshots the source is mounted first, and the program that does so
 * becomes one that mounts the target: a list of operations has at most one server of a root.
 */
export function start(
  name: keyof typeof secondTree,
  trees: { target: SourceTree; source?: SourceTree },
  args: readonly string[],
  signal?: AbortSignal,
): Started {
  signal?.throwIfAborted();
  const target = reach(trees.target, 'target');
  const source = trees.source && reach(trees.source, 'source');
  const options = source === undefined ? args : [secondTree[name], source.directory, ...args];
  if (!source?.operations || !target.operations) {
    const operations = source?.operations ?? target.operations;
    const program = new FileProgram(name, { operations, args: [target.directory] }, options);
    return started(program, [], signal);
  }
  const inner = [...target.operations, execution([nativePath(), name, target.directory, ...options])];
  const program = new FileProgram('run', { operations: source.operations, args: ['--with-parent'] }, []);
  return started(program, [framed(inner)], signal);
}

function started(program: FileProgram, first: Uint8Array[], signal?: AbortSignal): Started {
  let ended = false;
  const end = async () => {
    ended = true;
    signal?.removeEventListener('abort', end);
    await program[Symbol.asyncDispose]();
  };
  signal?.addEventListener('abort', end);
  /** What is written to a program that was killed is not refused. */
  async function* whileItRuns(parts: Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    yield* first;
    for (const part of parts) {
      if (ended) return;
      yield part;
    }
  }
  return { program, feed: (input) => program.feed(whileItRuns(input)), [Symbol.asyncDispose]: end };
}
