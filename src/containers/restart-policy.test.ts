import { expect, test } from 'bun:test';
import type { Container, RestartPolicy } from './model.ts';
import { nextDelay, shouldRestart } from './restart-policy.ts';

const exited = (
  name: RestartPolicy['name'],
  code: number,
  maximumRetryCount = 0,
  rest: Partial<Container> = {},
) =>
  ({
    state: { status: 'exited', last: { code, oom: false, error: '', startedAt: 0, finishedAt: 0 } },
    hostConfig: { restartPolicy: { name, maximumRetryCount } },
    restartCount: 0,
    stoppedByUser: false,
    ...rest,
  }) as unknown as Container;
const idle = { stopping: false, removing: false };

test('the policies', () => {
  expect(shouldRestart(exited('no', 1), idle)).toBe(false);
  expect(shouldRestart(exited('always', 0), idle)).toBe(true);
  expect(shouldRestart(exited('always', 0), { ...idle, stopping: true })).toBe(false);
  expect(shouldRestart(exited('unless-stopped', 0, 0, { stoppedByUser: true }), idle)).toBe(false);
  expect(shouldRestart(exited('on-failure', 0), idle)).toBe(false);
  expect(shouldRestart(exited('on-failure', 1), idle)).toBe(true);
  expect(shouldRestart(exited('on-failure', 1, 3, { restartCount: 3 }), idle)).toBe(false);
});

test('the delay doubles, up to a minute, and starts over after a good run', () => {
  expect(nextDelay(0, 5)).toBe(100);
  expect(nextDelay(100, 5)).toBe(200);
  expect(nextDelay(50_000, 5)).toBe(60_000);
  expect(nextDelay(50_000, 10_000)).toBe(100);
});
