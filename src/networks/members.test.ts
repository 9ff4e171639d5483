import { expect, test } from 'bun:test';
import type { ContainerId } from '../lib/ids.ts';
import { Members } from './members.ts';
import type { Endpoint, Member } from './model.ts';

const member = (id: string, ...networks: string[]): Member =>
  ({
    containerId: id,
    endpoints: networks.map(
      (networkId) => ({ networkId, dnsNames: networkId === 'bridge' ? [] : [id] }) as unknown as Endpoint,
    ),
  }) as unknown as Member;

function watched() {
  const told: string[][] = [];
  const members = new Members((ids) => told.push([...ids].sort()));
  const set = (one: Member) => members.set(one.containerId, one);
  return { told, set, remove: (id: string) => members.delete(id as ContainerId), members };
}

test('those on the networks of one that comes, moves or goes are told, itself too', () => {
  const { told, set, remove } = watched();
  set(member('a', 'x'));
  set(member('b', 'x', 'y'));
  set(member('c', 'y'));
  set(member('a', 'y'));
  remove('b');
  expect(told).toEqual([['a'], ['a', 'b'], ['b', 'c'], ['a', 'b', 'c'], ['a', 'b', 'c']]);
});

test('the default bridge has no names, so nobody is told', () => {
  const { told, set, remove, members } = watched();
  set(member('a', 'bridge'));
  set(member('b', 'bridge'));
  expect(remove('a')).toBe(true);
  expect(remove('a')).toBe(false);
  expect([told, members.size]).toEqual([[], 1]);
});
