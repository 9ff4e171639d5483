/** `docker export`: the root file system as a tar, without what is mounted into it. */
import { type Context, emitContainer } from './context.ts';
import { FileProgram } from './file-program.ts';
import { openFileTree } from './file-tree.ts';
import { held } from './held.ts';

/** Must be read to its end or returned early. */
export async function exportRoot(context: Context, ref: string): Promise<AsyncIterableIterator<Uint8Array>> {
  const container = context.store.find(ref);
  await using stack = new AsyncDisposableStack();
  const tree = stack.use(await openFileTree(context, container.id, { mounts: false }));
  const program = stack.use(new FileProgram('tar', tree, []));
  emitContainer(context, container, 'export');
  return held(program.output(), stack.move());
}
