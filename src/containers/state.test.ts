import { expect, test } from 'bun:test';
import type { Exit, RunningProcess, State } from './model.ts';
import { next, type StateEvent } from './state.ts';

const process: RunningProcess = { pid: 7, startTime: '1', shimPid: 6, startedAt: 1 };
const exit: Exit = { code: 0, oom: false, error: '', startedAt: 1, finishedAt: 2 };
const states: Record<State['status'], State> = {
  created: { status: 'created' },
  running: { status: 'running', process },
  paused: { status: 'paused', process },
  restarting: { status: 'restarting', last: exit, attempt: 1 },
  exited: { status: 'exited', last: exit },
  removing: { status: 'removing', last: exit },
  dead: { status: 'dead', last: exit, error: 'x' },
};
const events: Record<StateEvent['type'], StateEvent> = {
  started: { type: 'started', process },
  'start-failed': { type: 'start-failed', exit },
  pause: { type: 'pause' },
  unpause: { type: 'unpause' },
  exit: { type: 'exit', exit },
  'back-off': { type: 'back-off', attempt: 2 },
  'give-up': { type: 'give-up' },
  remove: { type: 'remove' },
  'remove-failed': { type: 'remove-failed', error: 'busy' },
};
const table: Record<StateEvent['type'], Partial<Record<State['status'], State['status']>>> = {
  started: { created: 'running', exited: 'running', restarting: 'running' },
  'start-failed': { created: 'exited', exited: 'exited', restarting: 'exited' },
  pause: { running: 'paused' },
  unpause: { paused: 'running' },
  exit: { running: 'exited', paused: 'exited' },
  'back-off': { exited: 'restarting' },
  'give-up': { restarting: 'exited' },
  remove: { created: 'removing', exited: 'removing', restarting: 'removing', dead: 'removing' },
  'remove-failed': { removing: 'dead' },
};

for (const [type, event] of Object.entries(events)) {
  for (const [status, state] of Object.entries(states)) {
    const expected = table[event.type][state.status];
    test(`${status} + ${type} = ${expected ?? 'refused'}`, () => {
      if (expected === undefined) expect(() => next(state, event)).toThrow('cannot take the event');
      else expect(next(state, event).status).toBe(expected);
    });
  }
}

test('a brief pause says so, and is over when it is over', () => {
  const paused = next(states.running, { type: 'pause', briefly: true });
  expect(paused).toEqual({ status: 'paused', process, briefly: true });
  expect(next(paused, events.unpause)).toEqual(states.running);
  expect(next(states.running, events.pause)).toEqual(states.paused);
});

test('a running process survives pause and unpause', () => {
  const paused = next(states.running, events.pause);
  expect(next(paused, events.unpause)).toEqual(states.running);
});
