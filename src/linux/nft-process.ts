/** The nft(8) program: the way without libnftables. */
import { internal } from '../lib/errors.ts';
import type { Nft } from './nft.ts';

/** null when there is no `nft` in PATH or where Debian, Fedora and Alpine put it. */
export function openNftProcess(): Nft | null {
  const program = Bun.which('nft') ?? Bun.which('nft', { PATH: '/usr/sbin:/sbin' });
  if (!program) return null;

  const run = async (script: string): Promise<string> => {
    const child = Bun.spawn([program, '-f', '-'], {
      stdin: Buffer.from(`${script}\n`),
      stdout: 'pipe',
      stderr: 'pipe',
    });
    const [output, errors, code] = await Promise.all([
      new Response(child.stdout).text(),
      new Response(child.stderr).text(),
      child.exited,
    ]);
    if (code !== 0) throw internal(`nftables: ${errors.trim()}`);
    return output;
  };

  // One after the other: an element must not be deleted before the script that adds it has run.
  let last: Promise<unknown> = Promise.resolve();
  const inOrder = (script: string): Promise<string> => {
    const mine = last.then(() => run(script));
    last = mine.catch(() => undefined);
    return mine;
  };
  return {
    apply: async (script) => {
      await inOrder(script);
    },
    query: inOrder,
  };
}
