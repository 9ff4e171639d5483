import { expect, test } from 'bun:test';
import fc from 'fast-check';
import type { Digest } from '../../lib/ids.ts';
import type { KeepRule } from '../model.ts';
import { type Candidate, chooseImages } from './choose.ts';

const hour = 3_600_000;
const now = 1000 * hour;

function image(id: string, parts: Record<string, number>, changes: Partial<Candidate> = {}): Candidate {
  return {
    id: id as Digest,
    names: [`${id}:1`],
    labels: {},
    added: now - 100 * hour,
    lastUsed: now - 50 * hour,
    pinned: false,
    needed: false,
    parts: new Map(Object.entries(parts)),
    ...changes,
  };
}

const used = (hoursAgo: number) => ({ lastUsed: now - hoursAgo * hour });
const chosen = (images: Candidate[], need: number, keep: KeepRule[] = []) =>
  chooseImages(images, { minAge: 24 * hour, keep }, need, now);

test('least recently used first, until enough is free', () => {
  const images = [
    image('new', { n: 10 }, used(1)),
    image('old', { o: 10 }, used(90)),
    image('middle', { m: 10 }, used(40)),
  ];
  expect(chosen(images, 1)).toEqual([{ id: 'old' as Digest, bytes: 10 }]);
  expect(chosen(images, 11).map(({ id }) => String(id))).toEqual(['old', 'middle']);
  expect(chosen(images, 1000).length).toBe(3);
  expect(chosen(images, 0)).toEqual([]);
});

test('what images share is free with the last of them', () => {
  const images = [
    image('a', { base: 100, a: 1 }, used(90)),
    image('b', { base: 100, b: 2 }, used(80)),
    image('c', { c: 5 }, used(70)),
  ];
  expect(chosen(images, 50)).toEqual([
    { id: 'a' as Digest, bytes: 1 },
    { id: 'b' as Digest, bytes: 102 },
  ]);
  const held = [...images.slice(0, 2), image('d', { base: 100 }, { ...used(99), needed: true })];
  expect(chosen(held, 50)).toEqual([
    { id: 'a' as Digest, bytes: 1 },
    { id: 'b' as Digest, bytes: 2 },
  ]);
});

test('needed, pinned, young and kept images stay', () => {
  const images = [
    image('needed', { a: 1 }, { needed: true }),
    image('pinned', { b: 1 }, { pinned: true }),
    image('young', { c: 1 }, { added: now - 23 * hour }),
    image('labelled', { d: 1 }, { labels: { keep: 'yes' } }),
    image('other', { e: 1 }, { labels: { keep: 'no' } }),
    image('named', { f: 1 }, { names: ['example.org/team/app:2'] }),
    image('nameless', { g: 1 }, { names: [] }),
  ];
  const ids = (...keep: KeepRule[]) => chosen(images, 100, keep).map(({ id }) => String(id));
  expect(ids()).toEqual(['labelled', 'named', 'nameless', 'other']);
  expect(ids({ kind: 'label', label: 'keep' })).toEqual(['named', 'nameless']);
  expect(ids({ kind: 'label', label: 'keep=yes' })).toEqual(['named', 'nameless', 'other']);
  for (const pattern of ['example.org/team/app', 'example.org/team/*', 'example.org/*/app:2', '**'])
    expect(ids({ kind: 'reference', pattern })).not.toContain('named');
  for (const pattern of ['example.org/*', 'app', 'example.org/team/app:1'])
    expect(ids({ kind: 'reference', pattern })).toContain('named');
});

test('never more than is needed, never anything that has to stay, always as much as there is', () => {
  const arbitrary = fc.array(
    fc.record({
      ago: fc.integer({ min: 0, max: 99 }),
      pinned: fc.boolean(),
      needed: fc.boolean(),
      parts: fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd', 'e'), fc.constant(7), { minKeys: 1 }),
    }),
    { maxLength: 8 },
  );
  fc.assert(
    fc.property(arbitrary, fc.integer({ min: 0, max: 40 }), (given, need) => {
      const images = given.map(({ ago, parts, ...rest }, n) =>
        image(`i${n}`, parts, { ...rest, ...used(ago) }),
      );
      const choices = chosen(images, need);
      const gone = new Set(choices.map(({ id }) => id));
      const left = images.filter(({ id }) => !gone.has(id));
      const bytes = (list: Candidate[]) => new Map(list.flatMap(({ parts }) => [...parts])).size * 7;
      const freed = choices.reduce((sum, choice) => sum + choice.bytes, 0);
      expect(freed).toBe(bytes(images) - bytes(left));
      expect(images.filter(({ id }) => gone.has(id)).some((each) => each.pinned || each.needed)).toBe(false);
      if (freed < need) expect(left.every((each) => each.pinned || each.needed)).toBe(true);
      const last = choices.at(-1);
      if (last) expect(freed - last.bytes).toBeLessThan(need);
    }),
  );
});
