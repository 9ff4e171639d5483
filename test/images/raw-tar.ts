/** Tar archives byte by byte, so that they may be as wrong as a test needs. */

export interface RawMember {
  name: string | Buffer;
  /** '0' file, '1' hard link, '2' symlink, '3' char, '4' block, '5' directory, '6' fifo, 'x' pax, 'L' long name, … */
  type?: string;
  link?: string;
  mode?: number;
  uid?: number;
  gid?: number;
  mtime?: number;
  major?: number;
  minor?: number;
  data?: Buffer | string;
  /** What the header says; else the data's length. */
  size?: number;
  checksum?: number;
  /** Changes the finished header before its checksum is made. */
  patch?: (header: Buffer) => void;
}

const octal = (value: number, length: number): string => `${value.toString(8).padStart(length - 1, '0')}\0`;

function header(member: RawMember, size: number): Buffer {
  const block = Buffer.alloc(512);
  Buffer.from(member.name as string).copy(block, 0, 0, 100);
  block.write(octal(member.mode ?? 0o644, 8), 100);
  block.write(octal(member.uid ?? 0, 8), 108);
  block.write(octal(member.gid ?? 0, 8), 116);
  block.write(octal(member.size ?? size, 12), 124);
  block.write(octal(member.mtime ?? 1_700_000_000, 12), 136);
  block.write('        ', 148);
  block.write(member.type ?? '0', 156);
  block.write(member.link ?? '', 157, 100);
  block.write('ustar\0' + '00', 257);
  block.write(octal(member.major ?? 0, 8), 329);
  block.write(octal(member.minor ?? 0, 8), 337);
  member.patch?.(block);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${octal(member.checksum ?? sum, 7)} `, 148);
  return block;
}

function padded(data: Buffer): Buffer {
  return Buffer.concat([data, Buffer.alloc((512 - (data.length % 512)) % 512)]);
}

export function member(item: RawMember): Buffer<ArrayBuffer> {
  const data = Buffer.from(item.data ?? '');
  return Buffer.concat([header(item, data.length), padded(data)]);
}

export function rawTar(...members: RawMember[]): Buffer<ArrayBuffer> {
  return Buffer.concat([...members.map(member), Buffer.alloc(1024)]);
}

/** "17 path=some/name\n": the length counts itself. */
export function paxRecord(key: string, value: string | Buffer): Buffer {
  const rest = Buffer.concat([Buffer.from(` ${key}=`), Buffer.from(value as string), Buffer.from('\n')]);
  let length = rest.length + 1;
  while (String(length).length + rest.length !== length) length = String(length).length + rest.length;
  return Buffer.concat([Buffer.from(String(length)), rest]);
}

export function pax(...records: [string, string | Buffer][]): RawMember {
  return {
    name: 'PaxHeaders/x',
    type: 'x',
    data: Buffer.concat(records.map(([key, value]) => paxRecord(key, value))),
  };
}
