import { expect, test } from 'bun:test';
import type { EngineEvent } from '../lib/events.ts';
import { EventLog } from './events.ts';

const some = (
  action: string,
  attributes: Record<string, string> = {},
  type: EngineEvent['type'] = 'container',
) => ({
  type,
  action,
  id: 'abc123',
  attributes: { name: 'web', image: 'busybox:latest', ...attributes },
});
async function actions(
  log: EventLog,
  filters: Record<string, string[]> = {},
  until: number | null = Date.now() / 1000 - 0.001,
): Promise<string[]> {
  const query = {
    since: 0,
    until: until === null ? null : Date.now() / 1000 + 0.01,
    filters: new Map(Object.entries(filters)),
  };
  const list: string[] = [];
  for await (const event of log.stream(query, new AbortController().signal)) list.push(event.action);
  return list;
}

test('replay keeps the last 256', async () => {
  const log = new EventLog();
  for (let n = 0; n < 300; n++) log.emit(some(`a${n}`));
  const all = await actions(log);
  expect(all.length).toBe(256);
  expect(all[0]).toBe('a44');
});

test('filters', async () => {
  const log = new EventLog();
  log.emit(some('start', { role: 'db' }));
  log.emit(some('exec_create: sh -c x'));
  log.emit(some('create', { name: 'net' }, 'network'));
  expect(await actions(log, { event: ['start'] })).toEqual(['start']);
  expect(await actions(log, { event: ['exec_create'] })).toEqual(['exec_create: sh -c x']);
  expect(await actions(log, { label: ['role=db'] })).toEqual(['start']);
  expect(await actions(log, { container: ['web'], event: ['start', 'create'] })).toEqual(['start']);
  expect(await actions(log, { container: ['abc'] })).toEqual(['start', 'exec_create: sh -c x']);
  expect(await actions(log, { image: ['busybox'], type: ['container'] })).toEqual([
    'start',
    'exec_create: sh -c x',
  ]);
  expect(await actions(log, { type: ['network'] })).toEqual(['create']);
  expect(await actions(log, { plugin: ['x'] })).toEqual([]);
  expect(() =>
    log.stream({ since: null, until: null, filters: new Map([['x', ['y']]]) }, AbortSignal.abort()),
  ).toThrow("invalid filter 'x'");
});

test('a stream sees what comes, in order and with rising times, until it is aborted', async () => {
  const log = new EventLog();
  const abort = new AbortController();
  const stream = log.stream({ since: null, until: null, filters: new Map() }, abort.signal);
  log.emit(some('one'));
  log.emit(some('two'));
  const seen: EngineEvent[] = [];
  for await (const event of stream) {
    seen.push(event);
    if (seen.length === 2) abort.abort();
  }
  expect(seen.map(({ action }) => action)).toEqual(['one', 'two']);
  expect((seen[1]?.timeNano ?? 0n) > (seen[0]?.timeNano ?? 0n)).toBe(true);
});
