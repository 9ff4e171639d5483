import { describe, expect, test } from 'bun:test';
import { Writer } from '../linux/encode.ts';
import type { Operation } from '../linux/operations.ts';
import { EventDecoder, encodeLaunch, encodeRequest, parseFailure } from './messages.ts';
import { events, type Launch } from './protocol.ts';

const message = (writer: Writer) => new Writer().bytes(writer.finish()).finish();

const stream = Buffer.concat([
  message(new Writer().u8(events.listening.code)),
  message(new Writer().u8(events.warning.code).u32(3).u32(2).string('/sys/größe')),
  message(new Writer().u8(events.started.code).u32(77).string('123456').string('1700000000123456789')),
  message(new Writer().u8(events.oom.code)),
  message(new Writer().u8(events.execExited.code).string('e1').u32(255)),
  message(new Writer().u8(200).string('of the future')),
  message(new Writer().u8(events.exited.code).u32(137).u32(9).u8(1).string('1700000000999999999')),
  message(new Writer().u8(events.failed.code).u32(0xffffffff).u32(12).string('')),
]);

const decoded = [
  'listening',
  { type: 'warning', index: 3, errno: 2, detail: '/sys/größe' },
  { type: 'started', pid: 77, startTime: '123456', startedAt: '1700000000123456789' },
  { type: 'oom' },
  { type: 'exec-exited', execId: 'e1', code: 255 },
  { type: 'exited', code: 137, signal: 9, oom: true, finishedAt: '1700000000999999999' },
  { type: 'failed', index: 0xffffffff, errno: 12, detail: '' },
];

describe('EventDecoder', () => {
  test.each([1, 2, 3, 5, 7, 64, 10_000])('decodes chunks of %d bytes', (size) => {
    const decoder = new EventDecoder();
    const found: unknown[] = [];
    for (let at = 0; at < stream.length; at += size)
      found.push(...decoder.push(stream.subarray(at, at + size)));
    expect(found).toEqual(decoded);
  });

  test('refuses absurd lengths and fields beyond the message', () => {
    expect(() => new EventDecoder().push(Buffer.from([0, 0, 0, 0]))).toThrow('an event of 0 bytes');
    expect(() => new EventDecoder().push(Buffer.from([0, 0, 0, 255]))).toThrow('an event of');
    const lying = new Writer().u8(events.execExited.code).u32(1000).finish();
    expect(() => new EventDecoder().push(message(new Writer().bytes(lying)).subarray(4))).toThrow('shorter');
  });
});

describe('requests', () => {
  test('are length, type, fields', () => {
    expect([...encodeRequest({ type: 'watch' })]).toEqual([1, 0, 0, 0, 1]);
    expect([...encodeRequest({ type: 'attach', execId: 'x', flags: 7 })]).toEqual([
      ...[11, 0, 0, 0, 2],
      ...[1, 0, 0, 0, 120, 0],
      ...[7, 0, 0, 0],
    ]);
  });

  test('an exec carries its operations', () => {
    const operations: Operation[] = [{ op: 'exec', side: 'inside', argv: ['true'] }];
    const bytes = encodeRequest({ type: 'exec', execId: '', flags: 0, operations });
    expect(bytes.readUInt32LE(0)).toBe(bytes.length - 4);
    expect(bytes.subarray(5 + 5 + 4)).toEqual(new Writer().operations(operations).finish());
  });
});

test('a launch is its fields in order, then the operations', () => {
  const launch: Launch = {
    id: 'id',
    socketPath: '/s',
    statePath: '',
    exitPath: '',
    logPath: '',
    logMaxSize: 5_000_000_000,
    logMaxFiles: 3,
    logExtra: '',
    tty: true,
    openStdin: false,
    stdinOnce: true,
    expectAttach: 2,
    memoryCgroup: '',
    cgroupVersion: 2,
    namesPath: '',
  };
  const empty = new Writer().string('').string('').string('');
  const expected = new Writer().string('id').string('/s').finish();
  const bytes = encodeLaunch(launch, []);
  expect(bytes.readUInt32LE(0)).toBe(bytes.length - 4);
  expect(bytes.subarray(4, 4 + expected.length)).toEqual(expected);
  const rest = bytes.subarray(4 + expected.length + empty.finish().length);
  expect(rest.readBigUInt64LE(0)).toBe(5_000_000_000n);
  expect(bytes.readUInt32LE(bytes.length - 4)).toBe(0);
});

test('the error of a failed exec names operation, errno and detail', () => {
  expect(parseFailure('4:2:exec: "sh": no: such\nfile')).toEqual({
    index: 4,
    errno: 2,
    detail: 'exec: "sh": no: such\nfile',
  });
  expect(parseFailure('the container is not running')).toBeUndefined();
});
