/** Telling tars apart from everything else. */

const blockSize = 512;
const magic = { at: 257, text: 'ustar' };
const checksum = { at: 148, length: 8 };

/** Whether an archive begins with these bytes: those before 1988 have no magic, but a checksum that is right. */
export function isTarHeader(head: Buffer): boolean {
  if (head.toString('latin1', magic.at, magic.at + magic.text.length) === magic.text) return true;
  if (head.length < blockSize || head[0] === 0) return false;
  const stored = Number.parseInt(head.toString('latin1', checksum.at, checksum.at + checksum.length), 8);
  let sum = 0;
  for (let at = 0; at < blockSize; at++)
    sum += at >= checksum.at && at < checksum.at + checksum.length ? 0x20 : (head[at] ?? 0);
  return sum === stored;
}
