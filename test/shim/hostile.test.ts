import { expect, test } from 'bun:test';
import { Writer } from '../../src/linux/encode.ts';
import { Connection } from '../../src/shim/connection.ts';
import { encodeRequest } from '../../src/shim/messages.ts';
import { execOperations, operations, Rig } from './rig.ts';

const message = (bytes: Uint8Array) => new Writer().bytes(bytes).finish();

async function answerTo(path: string, bytes: Uint8Array): Promise<string> {
  const connection = await Connection.open(path);
  await connection.write(bytes).catch(() => {});
  connection.end();
  const parts: Uint8Array[] = [];
  for (let part = await connection.read(); part; part = await connection.read()) parts.push(part);
  connection.close();
  return Buffer.concat(parts).toString('latin1');
}

test('requests that make no sense are refused and harm nobody', async () => {
  await using rig = new Rig();
  const c = await rig.start(operations(['sleep', '60']));
  const started = await c.until('started');
  const { socketPath } = c.launch;
  const malformed = [
    new Writer().u8(99).finish(),
    new Writer().u8(0).string('').u32(1).finish(),
    new Writer().u8(2).u32(4_000_000_000).finish(),
    new Writer().u8(2).string('').finish(),
    new Writer().u8(4).string('').u32(1).finish(),
    new Writer().u8(5).string('').u32(1).u32(2).finish(),
    new Writer().u8(3).string('e1').finish(),
    new Writer().u8(3).string('e1').u32(2).u32(7).finish(),
    new Writer().u8(3).string('x'.repeat(500)).u32(2).u32(0).finish(),
  ];
  for (const body of malformed) expect(await answerTo(socketPath, message(body))).toStartWith('\x01');
  for (const size of [0, 0xffffffff, 5 << 20]) {
    expect(await answerTo(socketPath, new Writer().u32(size).finish())).toBe('');
  }
  const exec = encodeRequest({
    type: 'exec',
    execId: 'e',
    flags: 2,
    operations: execOperations(started, ['true']),
  });
  for (let size = 0; size < exec.length; size += 7) {
    expect(await answerTo(socketPath, exec.subarray(0, size))).toBe('');
  }
  for (let i = 4; i < exec.length; i += 5) {
    const damaged = Buffer.from(exec);
    damaged[i] = (damaged[i] ?? 0) ^ 0xff;
    const execId = damaged.readUInt8(4) === 3;
    if (execId) await answerTo(socketPath, damaged);
  }
  await c.client.signal('', 9);
  expect((await c.until('exited')).code).toBe(137);
}, 60_000);

test('connections that say nothing do not keep the shim', async () => {
  await using rig = new Rig();
  const c = await rig.start(operations(['sleep', '60']));
  await c.until('started');
  const silent = await Promise.all(Array.from({ length: 20 }, () => Connection.open(c.launch.socketPath)));
  await silent[0]?.write(Buffer.from([9, 0]));
  await c.client.signal('', 9);
  await c.gone;
  for (const connection of silent) connection.close();
});
