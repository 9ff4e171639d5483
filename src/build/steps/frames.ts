/** Docker's frames of a stream without terminal: stream number, three zeros, length (big endian), bytes. */
export interface Output {
  stream: 'stdout' | 'stderr';
  bytes: Uint8Array;
}

const headerSize = 8;

export async function* frames(source: AsyncIterable<Uint8Array>): AsyncGenerator<Output> {
  let have = Buffer.alloc(0);
  for await (const chunk of source) {
    have = have.length === 0 ? Buffer.from(chunk) : Buffer.concat([have, chunk]);
    while (have.length >= headerSize) {
      const end = headerSize + have.readUInt32BE(4);
      if (have.length < end) break;
      yield { stream: have[0] === 2 ? 'stderr' : 'stdout', bytes: have.subarray(headerSize, end) };
      have = have.subarray(end);
    }
  }
}
