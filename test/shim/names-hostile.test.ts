/** Bytes that no client and no daemon of ours would send. Under AddressSanitizer and UBSan: a slip ends the shim. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import fc from 'fast-check';
import { buildNative } from '../../scripts/build-native.mjs';
import { nativePath, setNativePath } from '../../src/linux/native.ts';
import { type Names, NamesRig, queryFor, serving, viewOf, works } from './names-rig.ts';

const usual = nativePath();
const sanitized = join(import.meta.dir, '../../build/sanitized');

beforeAll(async () => {
  await buildNative({ out: sanitized, sanitized: true, quiet: true });
  setNativePath(join(sanitized, 'gantry-init'));
}, 240_000);
afterAll(() => setNativePath(usual));

const names: Names = { db: { ipv4: ['10.9.0.4'] } };
const serve = (path: string) => serving(path, () => viewOf(names));

describe('a hostile container', () => {
  test('sends what is no query, by either transport', async () => {
    await using rig = new NamesRig();
    await using _server = await serve(rig.path);
    const c = await rig.container();
    const mouth = await c.mouth('udp');
    const messages: Buffer[] = fc
      .sample(fc.uint8Array({ maxLength: 1400 }), 400)
      .map((bytes) => Buffer.from(bytes));
    const good = queryFor('db', 'A', 1);
    for (let i = 0; i <= good.length; i++) messages.push(good.subarray(0, i));
    for (let i = 0; i < good.length * 8; i++) {
      const damaged = Buffer.from(good);
      damaged[i >> 3] = (damaged[i >> 3] ?? 0) ^ (1 << (i & 7));
      messages.push(damaged);
    }
    for (const message of messages) mouth.sendRaw(message);
    await works(mouth);
    for (let i = 0; i < 60; i++) {
      const connection = await c.mouth('tcp');
      for (const message of messages.slice(i * 12, i * 12 + 12)) connection.sendRaw(message);
    }
    await works(mouth);
  }, 60_000);

  test('is told what is wrong with a query, and nothing where it is none', async () => {
    await using rig = new NamesRig();
    await using _server = await serve(rig.path);
    const c = await rig.container();
    const mouth = await c.mouth('udp');
    const changed = (id: number, change: (bytes: Buffer) => number) => {
      const bytes = queryFor('db', 'A', id);
      change(bytes);
      mouth.send(bytes);
    };
    changed(1, (bytes) => bytes.writeUInt16BE(0x8100, 2));
    changed(2, (bytes) => bytes.writeUInt16BE(0x2100, 2));
    changed(3, (bytes) => bytes.writeUInt16BE(2, 4));
    changed(4, (bytes) => bytes.writeUInt16BE(0, 4));
    changed(5, (bytes) => bytes.writeUInt16BE(9, 10));
    mouth.send(Buffer.concat([queryFor('db', 'A', 6), Buffer.alloc(1300)]));
    await works(await c.mouth('udp'));
    const rcodes = mouth.got.map((bytes) => [bytes.readUInt16BE(0), bytes.readUInt16BE(2) & 0xf]);
    expect(rcodes).toEqual([
      [2, 4],
      [3, 1],
      [4, 1],
      [5, 1],
    ]);
  });
});

test('a daemon that says anything at all', async () => {
  await using rig = new NamesRig();
  const frames = fc.sample(fc.uint8Array({ maxLength: 3000 }), 300);
  let next = 0;
  const liar = Bun.listen({
    unix: rig.path,
    socket: {
      data: (socket, chunk) => {
        // With the ids of real queries, too.
        socket.write(Buffer.concat([Buffer.from([0, 20, 2]), chunk.subarray(-32, -14)]));
        socket.write(frames[next++ % frames.length] ?? '');
        if (next % 7 === 0) socket.end();
      },
    },
  });
  const c = await rig.container();
  const mouth = await c.mouth('udp');
  for (let id = 0; id < 300; id++) {
    mouth.send(queryFor('db', 'A', id));
    if (id % 10 === 0) await Bun.sleep(10);
  }
  await Bun.sleep(500);
  liar.stop(true);
  await using _server = await serve(rig.path);
  const other = await c.mouth('udp');
  await works(other);
}, 60_000);
