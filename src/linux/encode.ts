/**
 * Operations and messages as bytes, little endian: the layout that native/ reads (native/wire.h).
 *
 *   list      := u32 count, operation*
 *   operation := u16 code, u8 side (0 host, 1 inside), u8 flags (1 optional), u32 payload length, payload
 *   u32, u64  := that many bytes;  bool := u8
 *   string    := u32 length, bytes, NUL (the NUL is not counted: C uses it in place)
 *   bytes     := u32 length, bytes
 *   strings   := u32 count, string*
 */
import type { Operation, OperationName, OperationOf } from './operations.ts';

export type FieldType = 'u32' | 'u64' | 'bool' | 'string' | 'bytes' | 'strings';

type Fields<N extends OperationName> = {
  [K in Exclude<keyof OperationOf<N>, 'op' | 'side' | 'optional'>]: FieldType;
};

/** Code and field order of every operation. `native/wire.h` has the same codes; `npm run check` compares them. */
export const layout: { [N in OperationName]: { code: number; fields: Fields<N> } } = {
  mkdir: { code: 1, fields: { path: 'string', mode: 'u32' } },
  write: { code: 2, fields: { path: 'string', data: 'string' } },
  'write-pid': { code: 3, fields: { path: 'string' } },
  'write-proc': { code: 4, fields: { name: 'string', data: 'string' } },
  clone: { code: 10, fields: { flags: 'u64', cgroup: 'string' } },
  'signal-child': { code: 11, fields: {} },
  'await-host': { code: 12, fields: {} },
  setns: { code: 13, fields: { path: 'string', nstype: 'u32' } },
  join: { code: 14, fields: { pid: 'u32', startTime: 'string', flags: 'u32' } },
  unshare: { code: 15, fields: { flags: 'u32' } },
  'device-filter': { code: 16, fields: { path: 'string', program: 'bytes' } },
  propagation: { code: 20, fields: { path: 'string', flags: 'u64' } },
  'mount-root': {
    code: 21,
    fields: {
      source: 'string',
      path: 'string',
      fstype: 'string',
      flags: 'u64',
      data: 'string',
      cwd: 'string',
    },
  },
  'hold-source': { code: 33, fields: { source: 'string', nonRecursive: 'bool' } },
  'bind-root': { code: 22, fields: { source: 'string', path: 'string' } },
  root: { code: 23, fields: { path: 'string' } },
  mount: {
    code: 24,
    fields: {
      source: 'string',
      target: 'string',
      fstype: 'string',
      flags: 'u64',
      data: 'string',
      copyUp: 'bool',
    },
  },
  bind: {
    code: 25,
    fields: {
      source: 'string',
      target: 'string',
      nonRecursive: 'bool',
      setAttr: 'u64',
      clearAttr: 'u64',
      recursiveAttr: 'bool',
      propagation: 'u64',
      subpath: 'string',
      uidMap: 'string',
      gidMap: 'string',
      owner: 'string',
    },
  },
  'mount-attr': {
    code: 26,
    fields: { target: 'string', setAttr: 'u64', clearAttr: 'u64', recursive: 'bool' },
  },
  mknod: {
    code: 27,
    fields: {
      target: 'string',
      type: 'string',
      major: 'u32',
      minor: 'u32',
      mode: 'u32',
      uid: 'u32',
      gid: 'u32',
    },
  },
  symlink: { code: 28, fields: { target: 'string', to: 'string' } },
  'mkdir-in-root': { code: 29, fields: { target: 'string', mode: 'u32', uid: 'u32', gid: 'u32' } },
  mask: { code: 30, fields: { target: 'string' } },
  readonly: { code: 31, fields: { target: 'string' } },
  pivot: { code: 32, fields: {} },
  hostname: { code: 40, fields: { name: 'string' } },
  domainname: { code: 41, fields: { name: 'string' } },
  sysctl: { code: 42, fields: { name: 'string', value: 'string' } },
  rlimit: { code: 43, fields: { resource: 'u32', soft: 'string', hard: 'string' } },
  console: { code: 44, fields: { rows: 'u32', columns: 'u32' } },
  keyring: { code: 45, fields: { name: 'string' } },
  env: { code: 46, fields: { values: 'strings' } },
  user: { code: 47, fields: { spec: 'string', groups: 'strings' } },
  credentials: {
    code: 48,
    fields: {
      bounding: 'string',
      effective: 'string',
      permitted: 'string',
      inheritable: 'string',
      ambient: 'string',
    },
  },
  'no-new-privs': { code: 49, fields: {} },
  seccomp: { code: 50, fields: { filter: 'bytes', flags: 'u32' } },
  chdir: { code: 51, fields: { target: 'string', create: 'bool' } },
  umask: { code: 52, fields: { mask: 'u32' } },
  exec: { code: 53, fields: { argv: 'strings' } },
  veth: {
    code: 60,
    fields: {
      name: 'string',
      peer: 'string',
      peerMac: 'string',
      bridge: 'string',
      mtu: 'u32',
      hairpin: 'bool',
      isolated: 'bool',
      pid: 'u32',
      startTime: 'string',
    },
  },
  bridge: { code: 61, fields: { name: 'string', mac: 'string', mtu: 'u32' } },
  link: { code: 62, fields: { name: 'string', up: 'bool', mtu: 'u32', rename: 'string' } },
  address: { code: 63, fields: { link: 'string', cidr: 'string' } },
  route: {
    code: 64,
    fields: { destination: 'string', gateway: 'string', link: 'string', replace: 'bool' },
  },
  'link-delete': { code: 65, fields: { name: 'string' } },
  'route-delete': { code: 66, fields: { destination: 'string', link: 'string' } },
  populate: {
    code: 71,
    fields: {
      target: 'string',
      path: 'string',
      subpath: 'string',
      copy: 'bool',
      uid: 'u32',
      gid: 'u32',
      mode: 'u32',
    },
  },
  'fuse-serve': { code: 80, fields: { source: 'string', cwd: 'string', argv: 'strings' } },
  'fuse-root': { code: 81, fields: { path: 'string' } },
  'subvolume-create': { code: 82, fields: { path: 'string' } },
  'subvolume-snapshot': { code: 83, fields: { source: 'string', path: 'string' } },
  'subvolume-delete': { code: 84, fields: { path: 'string' } },
  'subvolume-limit': { code: 85, fields: { path: 'string', bytes: 'u64' } },
  'mount-image': {
    code: 86,
    fields: { source: 'string', path: 'string', fstype: 'string', flags: 'u64', data: 'string' },
  },
  macvlan: {
    code: 90,
    fields: {
      name: 'string',
      parent: 'string',
      mac: 'string',
      mode: 'string',
      mtu: 'u32',
      pid: 'u32',
      startTime: 'string',
    },
  },
  ipvlan: {
    code: 91,
    fields: {
      name: 'string',
      parent: 'string',
      mode: 'string',
      flag: 'string',
      mtu: 'u32',
      pid: 'u32',
      startTime: 'string',
    },
  },
  vlan: { code: 92, fields: { name: 'string', parent: 'string', id: 'u32' } },
  dummy: { code: 93, fields: { name: 'string' } },
};

const text = new TextEncoder();

/** Grows as it is written; the one place that knows the byte layout. */
export class Writer {
  #buffer = Buffer.allocUnsafe(16384);
  #length = 0;

  #room(bytes: number): number {
    const at = this.#length;
    this.#length += bytes;
    if (this.#length > this.#buffer.length) {
      const grown = Buffer.allocUnsafe(Math.max(this.#length, this.#buffer.length * 2));
      this.#buffer.copy(grown, 0, 0, at);
      this.#buffer = grown;
    }
    return at;
  }
  u8(value: number): this {
    const at = this.#room(1);
    this.#buffer.writeUInt8(value, at);
    return this;
  }
  u16(value: number): this {
    const at = this.#room(2);
    this.#buffer.writeUInt16LE(value, at);
    return this;
  }
  u32(value: number): this {
    const at = this.#room(4);
    this.#buffer.writeUInt32LE(value >>> 0, at);
    return this;
  }
  u64(value: number): this {
    const at = this.#room(8);
    this.#buffer.writeBigUInt64LE(BigInt(value), at);
    return this;
  }
  bytes(value: Uint8Array): this {
    this.u32(value.length);
    const at = this.#room(value.length);
    this.#buffer.set(value, at);
    return this;
  }
  string(value: string): this {
    this.bytes(text.encode(value));
    return this.u8(0);
  }
  strings(values: readonly string[]): this {
    this.u32(values.length);
    for (const value of values) this.string(value);
    return this;
  }
  field(type: FieldType, value: unknown): this {
    switch (type) {
      case 'u32':
        return this.u32(value as number);
      case 'u64':
        return this.u64(value as number);
      case 'bool':
        return this.u8(value ? 1 : 0);
      case 'string':
        return this.string(value as string);
      case 'bytes':
        return this.bytes(value as Uint8Array);
      case 'strings':
        return this.strings(value as string[]);
    }
  }
  operations(list: readonly Operation[]): this {
    this.u32(list.length);
    for (const operation of list) this.#operation(operation);
    return this;
  }
  #operation(operation: Operation): void {
    const { code, fields } = layout[operation.op];
    this.u16(code)
      .u8(operation.side === 'inside' ? 1 : 0)
      .u8(operation.optional ? 1 : 0);
    const lengthAt = this.#room(4);
    const values = operation as unknown as Record<string, unknown>;
    for (const [name, type] of Object.entries(fields)) this.field(type as FieldType, values[name]);
    this.#buffer.writeUInt32LE(this.#length - lengthAt - 4, lengthAt);
  }
  finish(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }
}

export function encodeOperations(list: readonly Operation[]): Buffer {
  return new Writer().operations(list).finish();
}
