/** The members of a tar stream, one after the other. */
import { ExitError } from '../exit.ts';
import { ByteReader } from './byte-reader.ts';
import { block, decodeHeader, decodePax, type Overrides, padding, type TarHeader } from './tar-header.ts';

/** Of a pax header or a long name, as Go's archive/tar has it. */
const specialLimit = 1 << 20;

export interface Member {
  header: TarHeader;
  /** Hands every piece of the member's data to `take`. What is not read is skipped. */
  data(take: (bytes: Uint8Array) => void): Promise<void>;
}

export async function* readMembers(source: AsyncIterable<Uint8Array>): AsyncGenerator<Member> {
  const reader = new ByteReader(source);
  for (let header = await nextHeader(reader); header !== null; header = await nextHeader(reader)) {
    let left = header.size;
    yield {
      header,
      async data(take) {
        while (left > 0) {
          const bytes = await reader.some(left);
          left -= bytes.length;
          take(bytes);
        }
      },
    };
    await reader.skip(left + padding(header.size));
  }
  await reader.drain();
}

async function nextHeader(reader: ByteReader): Promise<TarHeader | null> {
  const overrides: Overrides = new Map();
  for (;;) {
    const bytes = await reader.exactly(block);
    if (bytes === null || bytes.every((byte) => byte === 0)) return null;
    const { header, special } = decodeHeader(bytes, overrides);
    if (special === null) return header;
    for (const [key, value] of special === 'global'
      ? await ignored(reader, header)
      : await told(reader, header, special))
      overrides.set(key, value);
  }
}

/** Docker ignores global records too. */
async function ignored(reader: ByteReader, { size }: TarHeader): Promise<Overrides> {
  await reader.skip(size + padding(size));
  return new Map();
}

async function told(
  reader: ByteReader,
  { size }: TarHeader,
  special: 'pax' | 'name' | 'link',
): Promise<Overrides> {
  if (size > specialLimit) throw new ExitError('archive/tar: invalid tar header');
  const body = await reader.exactly(size);
  await reader.skip(padding(size));
  if (body === null) throw new ExitError('unexpected EOF');
  if (special === 'pax') return decodePax(body);
  const text = body.toString('latin1').replace(/\0.*$/s, '');
  return new Map([[special === 'name' ? 'path' : 'linkpath', text]]);
}
