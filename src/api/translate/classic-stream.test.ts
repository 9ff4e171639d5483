import { describe, expect, test } from 'bun:test';
import type { BuildEvent, BuildResult, StepOutcome } from '../../build/model.ts';
import { parseDigest } from '../../lib/ids.ts';
import type { Progress } from '../../lib/op.ts';
import { ClassicStream } from './classic-stream.ts';
import { HeldOutput } from './held-output.ts';

const image = (digit: string) => parseDigest(`sha256:${digit.repeat(64)}`);
const done = (digit: string): StepOutcome => ({ kind: 'done', image: image(digit) });

const step = (id: number, number: number, total: number, instruction: string): BuildEvent => ({
  kind: 'step',
  id,
  step: { title: instruction, place: { number, total, instruction } },
});
const around = (id: number): BuildEvent => ({ kind: 'step', id, step: { title: 'pull', place: null } });
const end = (id: number, outcome: StepOutcome): BuildEvent => ({ kind: 'end', id, outcome });
const output = (
  id: number,
  text: string | Uint8Array,
  stream: 'stdout' | 'stderr' = 'stdout',
): BuildEvent => ({
  kind: 'output',
  id,
  stream,
  bytes: Buffer.from(text),
});
const container = (id: number, digit: string): BuildEvent => ({
  kind: 'container',
  id,
  container: digit.repeat(64),
});

type Ending = BuildResult | 'failed' | 'going on';
const result = (digit: string, ...names: string[]): BuildResult => ({ id: image(digit), names, caches: [] });

/** Text as it is, anything else as JSON on a line of its own. */
function shown(events: BuildEvent[], ending: Ending, removal = { rm: true, force: false }): string {
  const lines: Progress[] = [];
  const stream = new ClassicStream((line) => lines.push(line), removal);
  for (const event of events) stream.report(event);
  if (ending === 'failed') stream.fail();
  else if (ending !== 'going on') stream.finish(ending);
  return lines
    .map((line) =>
      line.kind === 'text' ? line.text : `${JSON.stringify(line.kind === 'result' ? line.value : line)}\n`,
    )
    .join('');
}

const short = (digit: string) => digit.repeat(12);

describe('one stage', () => {
  const events = [
    step(1, 1, 3, 'FROM busybox'),
    end(1, done('1')),
    step(2, 2, 3, 'RUN echo hello; echo err >&2'),
    container(2, 'c'),
    output(2, 'hello\n'),
    output(2, 'err\n', 'stderr'),
    end(2, done('2')),
    step(3, 3, 3, 'ENV A=b'),
    end(3, { kind: 'cached', image: image('3') }),
  ];

  test('as dockerd says it', () => {
    expect(shown(events, result('3', 'foo:latest', 'bar:1'))).toBe(
      `Step 1/3 : FROM busybox
 ---> ${short('1')}
Step 2/3 : RUN echo hello; echo err >&2
 ---> Running in ${short('c')}
hello
\x1b[91merr
\x1b[0m ---> Removed intermediate container ${short('c')}
 ---> ${short('2')}
Step 3/3 : ENV A=b
 ---> Using cache
 ---> ${short('3')}
{"ID":"${image('3')}"}
Successfully built ${short('3')}
Successfully tagged foo:latest
Successfully tagged bar:1
`,
    );
  });

  test('without rm nothing is said of removing', () => {
    expect(shown(events, result('3'), { rm: false, force: false })).not.toContain('Removed');
  });
});

test('two messages for the head of a step', () => {
  const lines: Progress[] = [];
  const stream = new ClassicStream((line) => lines.push(line), { rm: true, force: false });
  stream.report(step(1, 1, 1, 'FROM x'));
  expect(lines).toEqual([
    { kind: 'text', text: 'Step 1/1 : FROM x' },
    { kind: 'text', text: '\n' },
  ]);
});

test('stages side by side: the later one waits, and each ends with its image', () => {
  const events = [
    step(1, 1, 4, 'FROM busybox AS a'),
    step(2, 3, 4, 'FROM scratch'),
    end(2, { kind: 'done', image: null }),
    step(3, 4, 4, 'COPY --from=a /a /a'),
    output(3, 'early\n'),
    end(1, { kind: 'cached', image: image('1') }),
    step(4, 2, 4, 'RUN make'),
    output(4, 'made\n'),
    output(3, 'late\n'),
    end(4, done('2')),
    output(3, 'last\n'),
    end(3, done('4')),
  ];
  const whole = `Step 1/4 : FROM busybox AS a
 ---> ${short('1')}
Step 2/4 : RUN make
made
 ---> ${short('2')}
{"ID":"${image('2')}"}
Step 3/4 : FROM scratch
 ---> ${''}
Step 4/4 : COPY --from=a /a /a
early
late
last
 ---> ${short('4')}
{"ID":"${image('4')}"}
Successfully built ${short('4')}
`;
  expect(shown(events, result('4'))).toBe(whole);
  // At any time what has been shown is a beginning of it.
  for (let count = 0; count <= events.length; count++)
    expect(whole).toStartWith(shown(events.slice(0, count), 'going on'));
});

test('numbers that never come hold nothing back for ever', () => {
  const events = [step(1, 2, 3, 'RUN a'), end(1, done('2')), step(2, 3, 3, 'RUN b'), end(2, done('3'))];
  expect(shown(events, result('3'))).toContain(`Step 2/3 : RUN a\n ---> ${short('2')}\nStep 3/3 : RUN b\n`);
});

describe('failing', () => {
  const failed: StepOutcome = { kind: 'failed', error: 'no' };
  const events = [
    step(1, 1, 4, 'FROM a'),
    end(1, done('1')),
    step(2, 2, 4, 'RUN a'),
    container(2, 'c'),
    output(2, 'a\n'),
    step(3, 3, 4, 'RUN b'),
    output(3, 'b\n'),
    step(4, 4, 4, 'RUN c'),
    output(4, 'c\n'),
    end(3, failed),
    end(2, failed),
    end(4, failed),
  ];

  test('up to the step that failed first', () => {
    expect(shown(events, 'failed')).toBe(
      `Step 1/4 : FROM a\n ---> ${short('1')}\nStep 2/4 : RUN a\n ---> Running in ${short('c')}\na\nStep 3/4 : RUN b\nb\n`,
    );
  });

  test('forcerm says that the container is gone', () => {
    expect(shown(events, 'failed', { rm: true, force: true })).toContain(
      `a\n ---> Removed intermediate container ${short('c')}\nStep 3`,
    );
  });
});

test('pulls are shown when they happen', () => {
  const events: BuildEvent[] = [
    step(1, 1, 2, 'FROM busybox'),
    around(2),
    { kind: 'progress', id: 2, subject: 'latest', status: 'Pulling from library/busybox' },
    { kind: 'progress', id: 2, subject: 'aaa', status: 'Downloading', current: 1, total: 2 },
  ];
  expect(shown(events, 'going on')).toBe(
    'Step 1/2 : FROM busybox\n{"kind":"status","status":"Pulling from library/busybox","id":"latest"}\n{"kind":"status","status":"Downloading","id":"aaa","current":1,"total":2}\n',
  );
});

test('characters may be divided among chunks', () => {
  const bytes = Buffer.from('größe');
  const events = [step(1, 1, 1, 'RUN x'), ...[...bytes].map((byte) => output(1, Uint8Array.of(byte)))];
  expect(shown(events, 'going on')).toBe('Step 1/1 : RUN x\ngröße');
  const cut = [
    step(1, 1, 1, 'RUN x'),
    output(1, bytes.subarray(0, 3)),
    end(1, { kind: 'done', image: null }),
  ];
  expect(shown(cut, 'going on')).toBe('Step 1/1 : RUN x\ngr\ufffd');
});

test('warnings come before the end', () => {
  const warning = {
    rule: 'MaintainerDeprecated',
    description: '',
    url: '',
    message: 'do not',
    location: { start: 2, end: 2 },
  } as const;
  expect(shown([{ kind: 'warning', warning }], result('1'))).toBe(
    `{"ID":"${image('1')}"}\n[Warning] do not (line 2)\nSuccessfully built ${short('1')}\n`,
  );
});

describe('held output', () => {
  const text = (value: string): Progress => ({ kind: 'text', text: value });

  test('keeps the end within the budget, and says what is missing', () => {
    const budget = { left: 10 };
    const held = new HeldOutput(budget);
    for (const value of ['aaaa', 'bbbb', 'cccc']) held.push(text(value));
    expect(budget.left).toBe(2);
    expect(held.drain()).toEqual([
      text('[4 characters of output left out here]\n'),
      text('bbbb'),
      text('cccc'),
    ]);
    expect([budget.left, held.drain()]).toEqual([10, []]);
  });

  test('what one holds another cannot', () => {
    const budget = { left: 10 };
    const [first, second] = [new HeldOutput(budget), new HeldOutput(budget)];
    first.push(text('aaaaaaaa'));
    second.push(text('bbb'));
    expect(second.drain()).toEqual([text('[3 characters of output left out here]\n')]);
    expect(first.drain()).toEqual([text('aaaaaaaa')]);
  });

  test('many small ones', () => {
    const budget = { left: 1000 };
    const held = new HeldOutput(budget);
    for (let index = 0; index < 100_000; index++) held.push(text('x'));
    expect(held.drain()).toHaveLength(1001);
    expect(budget.left).toBe(1000);
  });
});
