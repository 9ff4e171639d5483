import { expect, test } from 'bun:test';
import { LogFormatter, type LogView } from './log-format.ts';

const line = (log: string, stream = 'stdout', time = '2026-11-23T10:00:00.5Z', extra = {}) =>
  `${JSON.stringify({ log, stream, time, ...extra })}\n`;
const view: LogView = {
  stdout: true,
  stderr: true,
  timestamps: false,
  details: false,
  since: 0,
  until: 0,
  tty: false,
};

function frames(bytes: Buffer): [number, string][] {
  const list: [number, string][] = [];
  for (let at = 0; at < bytes.length; ) {
    const size = bytes.readUInt32BE(at + 4);
    list.push([bytes[at] ?? 0, bytes.toString('utf8', at + 8, at + 8 + size)]);
    at += 8 + size;
  }
  return list;
}
const format = (text: string, changes: Partial<LogView> = {}) =>
  frames(new LogFormatter({ ...view, ...changes }).format(Buffer.from(text)));

test('lines of one stream share a frame', () => {
  expect(format(line('a\n') + line('b\n') + line('c\n', 'stderr') + line('d'))).toEqual([
    [1, 'a\nb\n'],
    [2, 'c\n'],
    [1, 'd'],
  ]);
});
test('escapes are undone', () => {
  expect(format(line('say "hi"\t\\ é\u0001\n') + line('x\ny\n') + line('plain\n'))).toEqual([
    [1, 'say "hi"\t\\ é\u0001\nx\ny\nplain\n'],
  ]);
});
test('one stream only', () => {
  expect(format(line('a\n') + line('b\n', 'stderr'), { stdout: false })).toEqual([[2, 'b\n']]);
});
test('times, bounds and details', () => {
  expect(format(line('a\n'), { timestamps: true })).toEqual([[1, '2026-11-23T10:00:00.500000000Z a\n']]);
  const two = line('a\n') + line('b\n', 'stdout', '2026-11-23T10:00:02Z');
  const second = Date.parse('2026-11-23T10:00:00Z') / 1000;
  expect(format(two, { since: second + 1 })).toEqual([[1, 'b\n']]);
  expect(format(two, { until: second + 1 })).toEqual([[1, 'a\n']]);
  expect(format(line('a\n', 'stdout', '', { attrs: { b: '2', a: '1' } }), { details: true })).toEqual([
    [1, 'a=1,b=2 a\n'],
  ]);
});
test('a line cut short by a crash is skipped', () => {
  expect(format('{"log":"half\n')).toEqual([]);
});
test('tty logs are raw', () => {
  const bytes = new LogFormatter({ ...view, tty: true }).format(Buffer.from(line('a\r\n')));
  expect(bytes.toString()).toBe('a\r\n');
});
test('lines that are parsed and lines that are copied show the same times', () => {
  const times = ['2026-11-23T10:00:00Z', '2026-11-23T10:00:00.000000001Z', '2026-11-23T10:00:01.5Z'];
  const of = (log: string, extra = {}) =>
    times.flatMap((time) => ['stdout', 'stderr'].map((stream) => line(log, stream, time, extra))).join('');
  const since = Date.parse('2026-11-23T10:00:01Z') / 1000;
  for (const changes of [
    { timestamps: true },
    { since },
    { until: since },
    { timestamps: true, since, stdout: false },
  ]) {
    const copied = format(of('x\n'), changes);
    expect(copied).toEqual(format(of('x\n', { attrs: { a: '1' } }), changes));
    expect(JSON.stringify(copied)).toBe(JSON.stringify(format(of('\t\n'), changes)).replaceAll('\\t', 'x'));
  }
  expect(format(of('x\n'), { timestamps: true })[1]).toEqual([2, '2026-11-23T10:00:00.000000000Z x\n']);
});
