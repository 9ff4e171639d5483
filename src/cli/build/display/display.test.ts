import { describe, expect, test } from 'bun:test';
import { finalFrame, liveFrame, plainText } from './frame.ts';
import { StepLog } from './log.ts';
import { PlainView } from './plain.ts';
import { RawJson } from './raw-json.ts';
import { type BuildNews, BuildState } from './state.ts';
import { failureText, lineTime, warningsText } from './text.ts';

const start = 1_000_000;

const step = (time: number, id: number, title: string): BuildNews => ({
  time: start + time,
  kind: 'step',
  id,
  step: { title, place: null },
});
const output = (time: number, id: number, text: string): BuildNews => ({
  ...{ time: start + time, kind: 'output', id, stream: 'stdout' },
  bytes: Buffer.from(text).toString('base64'),
});
const end = (time: number, id: number, kind: 'done' | 'cached' = 'done'): BuildNews => ({
  ...{ time: start + time, kind: 'end', id },
  outcome: { kind, image: null },
});
const failed = (time: number, id: number): BuildNews => ({
  ...{ time: start + time, kind: 'end', id },
  outcome: { kind: 'failed', error: 'exit code: 3' },
});
const progress = (
  time: number,
  id: number,
  subject: string,
  status: string,
  current?: number,
  total?: number,
): BuildNews => ({
  ...{ time: start + time, kind: 'progress', id, subject, status },
  ...(current !== undefined && { current }),
  ...(total !== undefined && { total }),
});
const warning: BuildNews = {
  time: start,
  kind: 'warning',
  warning: {
    rule: 'MaintainerDeprecated',
    description: 'The MAINTAINER instruction is deprecated',
    url: 'https://docs.example/rule',
    message: 'do not',
    location: { start: 3, end: 3 },
  },
};

const sample = [
  step(0, 1, '[internal] load build context'),
  end(100, 1),
  step(100, 2, '[a 1/2] FROM busybox'),
  end(150, 2, 'cached'),
  step(200, 3, '[a 2/2] RUN make'),
  output(434, 3, 'one\ntwo'),
  step(300, 4, '[b 2/2] RUN test'),
  output(1500, 3, ' and more\n'),
  progress(1600, 4, 'layer', 'Downloading', 500, 1000),
];

function stateOf(news: readonly BuildNews[]): BuildState {
  const state = new BuildState(start);
  for (const one of news) state.apply(one);
  return state;
}

const text = (lines: readonly { text: string }[]) => lines.map((line) => line.text).join('\n');

describe('on a terminal', () => {
  test('what runs has its output and its transfers', () => {
    expect(text(liveFrame(stateOf(sample), { rows: 24, columns: 61 }, start + 2000))).toBe(
      `[+] Building 2.0s (2/4)
 => [internal] load build context                       0.1s
 => CACHED [a 1/2] FROM busybox                         0.1s
 => [a 2/2] RUN make                                    1.8s
 => => # one
 => => # two and more
 => [b 2/2] RUN test                                    1.7s
 => => layer Downloading 500B / 1kB                     0.4s`,
    );
  });

  test('what has no room: details first lose, then what has ended, then what runs', () => {
    const frame = (rows: number) => liveFrame(stateOf(sample), { rows, columns: 61 }, start + 2000);
    expect(frame(8)).toHaveLength(7);
    expect(text(frame(6))).toBe(
      `[+] Building 2.0s (2/4)
 => [a 2/2] RUN make                                    1.8s
 => => # two and more
 => [b 2/2] RUN test                                    1.7s
 => => layer Downloading 500B / 1kB                     0.4s`,
    );
    expect(text(frame(4))).toContain('RUN make');
    expect(frame(4)).toHaveLength(3);
    expect(text(frame(3))).not.toContain('RUN make');
    expect(frame(2)).toHaveLength(1);
    for (let rows = 1; rows < 30; rows++) expect(frame(rows).length).toBeLessThan(Math.max(2, rows));
  });

  test('no line is wider than the terminal, wide characters or not', () => {
    const news = [step(0, 1, `RUN ${'長い'.repeat(50)}`), output(1, 1, `${'幅'.repeat(100)}\n`)];
    for (let columns = 1; columns < 90; columns++)
      for (const line of liveFrame(stateOf(news), { rows: 24, columns }, start + 1000))
        expect(Bun.stringWidth(line.text)).toBeLessThan(Math.max(2, columns));
  });

  test('nothing that a program prints moves the cursor', () => {
    expect(plainText('\x1b[31mred\x1b[0m\x1b[2J\x1b]0;title\x07 a\tb\x08\x00')).toBe('red a    b');
  });

  test('at the end each step has a line', () => {
    const done = [...sample, end(2000, 3), end(2500, 4)];
    expect(text(finalFrame(stateOf(done), 61, start + 2500))).toBe(
      `[+] Building 2.5s (4/4) FINISHED
 => [internal] load build context                       0.1s
 => CACHED [a 1/2] FROM busybox                         0.1s
 => [a 2/2] RUN make                                    1.8s
 => [b 2/2] RUN test                                    2.2s`,
    );
    const broken = finalFrame(stateOf([...sample, failed(2000, 3)]), 61, start + 2500);
    expect(broken[0]?.text).toBe('[+] Building 2.5s (3/4)');
    expect(broken[3]).toMatchObject({
      style: 'failed',
      text: expect.stringContaining(' => ERROR [a 2/2] RUN make'),
    });
  });
});

describe('plain', () => {
  function printed(news: readonly BuildNews[]): string {
    let all = '';
    const view = new PlainView((piece) => {
      all += piece;
    });
    const state = new BuildState(start);
    for (const one of news) view.changed(state, state.apply(one));
    return all;
  }

  test('numbers, whole lines, times', () => {
    expect(printed([...sample, end(2000, 3), failed(2500, 4)])).toBe(
      `#1 [internal] load build context
#1 DONE 0.1s

#2 [a 1/2] FROM busybox
#2 CACHED

#3 [a 2/2] RUN make
#3 0.234 one
#4 [b 2/2] RUN test
#3 1.300 two and more
#4 layer Downloading 500B / 1kB
#3 DONE 1.8s

#4 ERROR: exit code: 3

`,
    );
  });

  test('what has no newline comes at the end of its step', () => {
    expect(printed([step(0, 1, 'RUN x'), output(0, 1, 'no newline'), end(1000, 1)])).toContain(
      '#1 1.000 no newline\n#1 DONE 1.0s\n',
    );
  });

  test('bytes that move are told of now and then', () => {
    const moves = Array.from({ length: 100 }, (_, index) =>
      progress(index * 100, 1, 'x', 'Downloading', index, 100),
    );
    const lines = printed([step(0, 1, 'pull'), ...moves, progress(9990, 1, 'x', 'Downloading', 100, 100)]);
    expect(lines.split('\n').filter((line) => line.includes('Downloading'))).toEqual([
      '#1 x Downloading 0B / 100B',
      '#1 x Downloading 50B / 100B',
      '#1 x Downloading 100B / 100B',
    ]);
  });
});

describe('what is told at the end', () => {
  test('the log of the step that failed first', () => {
    const news = [...sample, failed(2000, 3), failed(2100, 4)];
    const step = stateOf(news).failed;
    if (step === null) throw new Error('none failed');
    expect(failureText(step)).toBe('------\n > [a 2/2] RUN make:\n0.234 one\n1.300 two and more\n------\n');
  });

  test('warnings', () => {
    expect(warningsText(stateOf([]), false)).toBe('');
    expect(warningsText(stateOf([warning]), false)).toBe(
      '\n 1 warning found (use --debug to expand):\n - MaintainerDeprecated: do not (line 3)\n',
    );
    expect(warningsText(stateOf([warning, warning]), true)).toStartWith(
      '\n 2 warnings found:\n - MaintainerDeprecated: do not (line 3)\n   The MAINTAINER instruction is deprecated\n   https://docs.example/rule\n',
    );
  });
});

describe('the log of a step', () => {
  test('a character may be divided, a progress bar goes back', () => {
    const log = new StepLog();
    const bytes = Buffer.from('größe\n10%\r50%\r100%\nend\r\n');
    for (const byte of bytes) log.push('stdout', Uint8Array.of(byte), 1);
    expect(log.lines.map(({ text }) => text)).toEqual(['größe', '100%', 'end']);
  });

  test('the two streams do not mix within a line', () => {
    const log = new StepLog();
    log.push('stdout', Buffer.from('a'), 0);
    log.push('stderr', Buffer.from('b\n'), 0);
    expect(log.push('stdout', Buffer.from('c\n'), 0)).toEqual([{ at: 0, text: 'ac' }]);
  });

  test('keeps the end', () => {
    const log = new StepLog();
    for (let index = 0; index < 100_000; index++) log.push('stdout', Buffer.from(`line ${index}\n`), 0);
    expect(log.lines.length).toBeLessThan(10_000);
    expect(log.tail(2)).toEqual(['line 99998', 'line 99999']);
    log.push('stdout', Buffer.from('x'.repeat(1 << 20)), 0);
    expect(log.tail(1)[0]?.length).toBe(16 << 10);
  });
});

test('times before lines have five characters', () => {
  expect([0, 0.2341, 9.8765, 12.345, 123.45, 1234.5].map(lineTime)).toEqual([
    ...['0.000', '0.234', '9.877', '12.35', '123.5', '1235'],
  ]);
});

test('rawjson has BuildKit’s shape', () => {
  const raw = new RawJson();
  const lines = [...sample.slice(0, 2), output(1, 3, 'x'), progress(2, 4, 'l', 'Pulling', 1, 2), warning].map(
    (one) => raw.line(one),
  );
  expect(lines).toMatchObject([
    { vertexes: [{ name: '[internal] load build context', started: '1970-01-01T00:16:40.000Z' }] },
    { vertexes: [{ name: '[internal] load build context', completed: '1970-01-01T00:16:40.100Z' }] },
    { logs: [{ stream: 1, data: 'eA==' }] },
    { statuses: [{ id: 'l', name: 'Pulling', current: 1, total: 2 }] },
    { warnings: [{ url: 'https://docs.example/rule', range: [{ start: { line: 3 }, end: { line: 3 } }] }] },
  ]);
  expect(raw.line(failed(5, 1))).toMatchObject({ vertexes: [{ error: 'exit code: 3' }] });
});
