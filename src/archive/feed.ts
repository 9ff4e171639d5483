/** Bytes into a child process. */

/**
 * Writes everything into a child's stdin, no faster than it reads. A child that ends early is not an error here: it says why itself. What it
 * did not want is left, or read all the same where somebody is sending it.
 */
export async function feed(
  stdin: Bun.FileSink,
  chunks: AsyncIterable<Uint8Array>,
  rest: 'left' | 'read' = 'left',
): Promise<void> {
  let open = true;
  try {
    for await (const chunk of chunks) {
      if (open) open = await isTaken(stdin, chunk);
      if (!open && rest === 'left') return;
    }
  } finally {
    await Promise.resolve(stdin.end()).catch(() => undefined);
  }
}

async function isTaken(stdin: Bun.FileSink, chunk: Uint8Array): Promise<boolean> {
  try {
    // Both may answer later, and a promise nobody waits for would end the daemon when the child is killed.
    await stdin.write(chunk);
    await stdin.flush();
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EPIPE') return false;
    throw error;
  }
}
