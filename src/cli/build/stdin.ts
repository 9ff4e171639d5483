/** `docker build -`: a tar, compressed or not, or a Dockerfile. */
import { detectCompression } from '../../archive/detect.ts';
import { Peeked } from '../../archive/peeked.ts';
import { isTarHeader } from '../../archive/tar-header.ts';

export type Input = { kind: 'archive'; bytes: AsyncIterable<Uint8Array> } | { kind: 'text'; text: string };

const blockSize = 512;

export async function splitInput(stream: AsyncIterable<Uint8Array>): Promise<Input> {
  const input = new Peeked(stream);
  if (isArchive(await input.head(blockSize))) return { kind: 'archive', bytes: input.rest() };
  return { kind: 'text', text: Buffer.concat(await Array.fromAsync(input.rest())).toString() };
}

/** An empty archive begins with a block of zeros. */
function isArchive(head: Buffer): boolean {
  if (detectCompression(head) !== 'none') return true;
  return head.length === blockSize && (isTarHeader(head) || head.every((byte) => byte === 0));
}
