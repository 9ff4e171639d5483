/** Compressors that Bun does not have. */
async function filter(command: string[], bytes: Uint8Array): Promise<Uint8Array> {
  return Bun.spawn(command, { stdin: bytes, stdout: 'pipe' }).stdout.bytes();
}

export const bzip2 = (bytes: Uint8Array) => filter(['bzip2', '-c'], bytes);
export const xz = (bytes: Uint8Array) => filter(['xz', '-c'], bytes);
