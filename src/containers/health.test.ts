import { expect, test } from 'bun:test';
import { healthCommand, nextHealth } from './health.ts';
import type { HealthState } from './model.ts';

const result = (exitCode: number) => ({ start: 0, end: 1, exitCode, output: '' });
const starting: HealthState = { status: 'starting', failingStreak: 0, log: [] };

test('failures make it unhealthy after the retries, one success healthy', () => {
  let health = starting;
  for (let n = 0; n < 2; n++) health = nextHealth(health, result(1), 3, false);
  expect(health).toMatchObject({ status: 'starting', failingStreak: 2 });
  health = nextHealth(health, result(1), 3, false);
  expect(health).toMatchObject({ status: 'unhealthy', failingStreak: 3 });
  expect(nextHealth(health, result(0), 3, false)).toMatchObject({ status: 'healthy', failingStreak: 0 });
});
test('failures of the start period do not count', () => {
  expect(nextHealth(starting, result(1), 1, true)).toMatchObject({ status: 'starting', failingStreak: 0 });
  expect(nextHealth(starting, result(0), 1, true).status).toBe('healthy');
});
test('the log keeps five results', () => {
  let health = starting;
  for (let n = 0; n < 9; n++) health = nextHealth(health, result(0), 3, false);
  expect(health.log.length).toBe(5);
});
test('commands', () => {
  const check = (test: string[]) => ({
    test,
    interval: 0,
    timeout: 0,
    startPeriod: 0,
    startInterval: 0,
    retries: 0,
  });
  expect(healthCommand(check(['CMD', 'a', 'b']), null)).toEqual(['a', 'b']);
  expect(healthCommand(check(['CMD-SHELL', 'a b']), null)).toEqual(['/bin/sh', '-c', 'a b']);
  expect(healthCommand(check(['CMD-SHELL', 'a']), ['/bin/bash', '-c'])).toEqual(['/bin/bash', '-c', 'a']);
  expect(healthCommand(check(['NONE']), null)).toBeNull();
  expect(healthCommand(null, null)).toBeNull();
});
