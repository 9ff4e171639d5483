/** `build` on a real pty: the view that is redrawn, and what it leaves. */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BuildLine } from '../../src/api/types/builds.ts';
import { Screen } from '../rig/screen.ts';

const gantry = [process.execPath, new URL('../../src/main.ts', import.meta.url).pathname];
const image = `sha256:${'a'.repeat(64)}`;

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'gantry-build-tty-'));
  writeFileSync(join(directory, 'Dockerfile'), 'FROM busybox\n');
});
afterAll(() => rmSync(directory, { recursive: true }));

type News = BuildLine extends infer Line
  ? Line extends { time: number }
    ? Omit<Line, 'time'>
    : never
  : never;

/** Answers a build with these lines; a number is a pause in milliseconds. */
function builder(script: readonly (News | number)[]) {
  return Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    idleTimeout: 60,
    async fetch(request) {
      const headers = { 'Api-Version': '1.51' };
      const { pathname } = new URL(request.url);
      await request.arrayBuffer();
      if (pathname.endsWith('/contexts/offer'))
        return Response.json({ Id: 'x', Wanted: [] }, { status: 201, headers });
      if (!pathname.endsWith('/gantry/build')) return new Response('OK', { headers });
      async function* lines() {
        for (const one of script)
          if (typeof one === 'number') await Bun.sleep(one);
          else yield `${JSON.stringify({ time: Date.now(), ...one })}\n`;
      }
      return new Response(lines(), { headers });
    },
  });
}

const step = (id: number, title: string): News => ({ kind: 'step', id, step: { title, place: null } });
const output = (id: number, text: string): News => ({
  ...{ kind: 'output', id, stream: 'stdout' },
  bytes: Buffer.from(text).toString('base64'),
});
const end = (id: number, kind: 'done' | 'cached' = 'done'): News => ({
  kind: 'end',
  id,
  outcome: { kind, image: null },
});

interface Session {
  size?: [rows: number, columns: number];
  resize?: { after: string; size: [rows: number, columns: number] };
  signal?: { after: string; signal: NodeJS.Signals };
}

async function onTerminal(script: readonly (News | number)[], session: Session = {}) {
  using server = builder(script);
  const { size: [rows, columns] = [24, 70], resize, signal } = session;
  const screen = new Screen(rows, columns);
  const frames: string[] = [];
  let output = '';
  let resized = false;
  const child = Bun.spawn([...gantry, 'build', '.'], {
    cwd: directory,
    env: {
      ...process.env,
      ...{
        DOCKER_HOST: `tcp://127.0.0.1:${server.port}`,
        DOCKER_CONFIG: directory,
        NO_COLOR: '1',
        BUILDKIT_PROGRESS: '',
      },
    },
    terminal: {
      cols: columns,
      rows,
      data(terminal, data) {
        screen.write(data);
        frames.push(screen.lines.join('\n'));
        output += Buffer.from(data).toString();
        if (resize && !resized && output.includes(resize.after)) {
          resized = true;
          terminal.resize(resize.size[1], resize.size[0]);
        }
        if (signal && output.includes(signal.after)) child.kill(signal.signal);
      },
    },
  });
  const code = await child.exited;
  child.terminal?.close();
  return { code, output, screen, frames };
}

const parallel: (News | number)[] = [
  step(1, '[base 1/1] FROM busybox'),
  end(1, 'cached'),
  step(2, '[a 1/1] RUN make'),
  step(3, '[b 1/1] RUN test'),
  ...Array.from({ length: 30 }, (_, index) => [output(2, `line ${index}\n`), 10]).flat(),
  output(3, '\x1b[31mtested\x1b[0m\x1b[10A\n'),
  300,
  end(2),
  300,
  end(3),
];

test('steps side by side with the last of their output, then a line for each', async () => {
  const { code, output, screen, frames } = await onTerminal([
    ...parallel,
    { kind: 'result', image, names: ['foo:latest'], caches: [] },
  ]);
  expect(code).toBe(0);
  const during = frames.find((frame) => frame.includes('# line 29') && frame.includes('# tested')) ?? '';
  expect(during).toMatch(/^\[\+\] Building \d\.\ds \(2\/4\)\n/);
  expect(during).toContain(' => => # line 24');
  expect(during).not.toContain('line 23');
  expect(during.split('\n').findIndex((line) => line.includes('RUN test'))).toBeGreaterThan(
    during.split('\n').findIndex((line) => line.includes('# line 29')),
  );
  expect(screen.lines.map((line) => line.replace(/\d\.\ds/g, 'T').replace(/ {2,}/g, ' '))).toEqual([
    '[+] Building T (4/4) FINISHED',
    ' => [internal] load build context T',
    ' => CACHED [base 1/1] FROM busybox T',
    ' => [a 1/1] RUN make T',
    ' => [b 1/1] RUN test T',
    ` => writing image ${image}`.slice(0, 70),
    ` => writing image ${image}`.slice(70),
    ' => naming to foo:latest',
  ]);
  // Not more often than ten times a second, over about a second and a half.
  expect(output.split('Building').length).toBeLessThan(30);
  expect(output.split('\x1b[?25h')).toHaveLength(2);
  expect(screen.scrolled).toEqual([]);
});

test('a narrow terminal, and one that becomes so', async () => {
  const script = [...parallel, { kind: 'result', image, names: [], caches: [] } as const];
  const narrow = await onTerminal(script, { size: [8, 30] });
  expect([narrow.code, narrow.screen.wrapped]).toEqual([0, 2]);
  const shrunk = await onTerminal(script, { size: [24, 100], resize: { after: 'RUN make', size: [10, 40] } });
  expect(shrunk.code).toBe(0);
  const last = shrunk.output.slice(shrunk.output.lastIndexOf('[+] Building'));
  expect(
    Math.max(
      ...last
        .split('\r\n')
        .slice(0, 5)
        .map((line) => Bun.stringWidth(line)),
    ),
  ).toBeLessThan(40);
});

test('what failed is at the end, with its log', async () => {
  const failing: News[] = [
    step(1, '[1/1] RUN x'),
    output(1, 'out\n'),
    { kind: 'end', id: 1, outcome: { kind: 'failed', error: 'exit code: 3' } },
    { kind: 'error', message: 'exit code: 3' },
  ];
  const { code, screen } = await onTerminal(failing);
  expect(code).toBe(1);
  expect(
    screen.lines
      .join('\n')
      .replace(/\d\.\d+s?/g, 'T')
      .replace(/ {2,}/g, ' '),
  ).toBe(
    `[+] Building T (2/2)
 => [internal] load build context T
 => ERROR [1/1] RUN x T
------
 > [1/1] RUN x:
T out
------
ERROR: failed to build: exit code: 3`,
  );
});

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)('%s gives the cursor back', async (signal, expected) => {
  const { code, output } = await onTerminal([step(1, 'RUN sleep'), 20_000], {
    signal: { after: 'RUN sleep', signal },
  });
  expect(code).toBe(expected);
  expect(output.lastIndexOf('\x1b[?25h')).toBeGreaterThan(output.lastIndexOf('\x1b[?25l'));
});
