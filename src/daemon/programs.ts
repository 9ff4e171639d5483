/** The C programs of native/: files of the checkout, or, in a single-file build, part of the executable. */
import { chmodSync, existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import hello from '../../build/gantry-hello' with { type: 'file' };
import init from '../../build/gantry-init' with { type: 'file' };

export interface Programs {
  init: string;
  hello: string;
}

/**
 * Paths that the kernel can execute. A single-file build unpacks under the data root, for /run is often mounted noexec; the
 * name carries the content's hash, so shims of an older gantry keep theirs.
 */
export async function unpackPrograms(dataRoot: string): Promise<Programs> {
  return { init: await unpack(init, dataRoot), hello: await unpack(hello, dataRoot) };
}

async function unpack(path: string, dataRoot: string): Promise<string> {
  if (!path.startsWith('/$bunfs/')) return path;
  const bytes = await Bun.file(path).bytes();
  const name = path.includes('hello') ? 'gantry-hello' : 'gantry-init';
  const directory = join(dataRoot, 'bin');
  const target = join(directory, `${name}-${Bun.hash(bytes).toString(16)}`);
  if (existsSync(target)) return target;
  mkdirSync(directory, { recursive: true, mode: 0o710 });
  const fresh = `${target}.${process.pid}`;
  writeFileSync(fresh, bytes);
  chmodSync(fresh, 0o755);
  renameSync(fresh, target);
  return target;
}
