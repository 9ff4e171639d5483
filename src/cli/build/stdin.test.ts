import { expect, test } from 'bun:test';
import { gzipSync } from 'node:zlib';
import { splitInput } from './stdin.ts';

async function* pieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

const tar = Buffer.alloc(2048, 0);
tar.write('f', 0);
tar.write('ustar', 257);

test.each([
  ['a tar', tar],
  ['an empty tar', Buffer.alloc(1024)],
  ['gzip', gzipSync(tar)],
  ['bzip2', Buffer.from('BZh91AY&SY')],
  ['xz', Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0, 1])],
  ['zstd', Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0])],
])('%s, whole', async (_, bytes) => {
  for (const size of [1, 7, 4096]) {
    const input = await splitInput(pieces(bytes, size));
    if (input.kind !== 'archive') throw new Error(`taken for a ${input.kind}`);
    const chunks: Uint8Array[] = [];
    for await (const chunk of input.bytes) chunks.push(chunk);
    expect(Buffer.concat(chunks)).toEqual(bytes);
  }
});

test('a Dockerfile, long or short', async () => {
  for (const text of ['', 'FROM x\n', `FROM x\n${'# long\n'.repeat(1000)}`])
    expect(await splitInput(pieces(Buffer.from(text), 5))).toEqual({ kind: 'text', text });
});
