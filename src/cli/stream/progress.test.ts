import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { Meter } from './meter.ts';
import { liveLines, rowLine, totalLine } from './progress-lines.ts';
import { type Row, type Totals, Transfers } from './transfers.ts';

const row = (given: Partial<Row>): Row => ({
  id: 'aaaaaaaaaaaa',
  status: 'Downloading',
  step: null,
  rate: null,
  done: false,
  ...given,
});
const totals: Totals = { done: 3, count: 7, moved: 120e6, size: 310e6, rate: 45e6 };

describe('the meter', () => {
  test('has no rate before it saw bytes move, and none from too short a time', () => {
    const meter = new Meter();
    expect(meter.sample(5000, 0)).toBeNull();
    expect(meter.sample(6000, 100)).toBeNull();
    expect(meter.sample(6000, 1000)).toBe(1000);
  });

  test('follows a change slowly, and forgets what was', () => {
    const meter = new Meter();
    meter.sample(0, 0);
    let bytes = 0;
    let rate: number | null = null;
    const run = (speed: number, seconds: number, from: number) => {
      for (let at = 1; at <= seconds; at++) {
        bytes += speed;
        rate = meter.sample(bytes, (from + at) * 1000);
      }
      return rate;
    };
    expect(run(100, 5, 0)).toBe(100);
    expect(run(200, 1, 5)).toBeGreaterThan(100);
    expect(rate).toBeLessThan(150);
    expect(run(200, 20, 6)).toBeCloseTo(200, 0);
    expect(run(0, 20, 26)).toBeLessThan(1);
  });

  test('begins anew when bytes are taken back', () => {
    const meter = new Meter();
    meter.sample(0, 0);
    expect(meter.sample(1000, 1000)).toBe(1000);
    expect(meter.sample(0, 2000)).toBe(1000);
    expect(meter.sample(1000, 3000)).toBe(1000);
  });
});

describe('transfers', () => {
  const lines = (...steps: [status: string, current?: number, total?: number][]) => {
    const transfers = new Transfers();
    for (const [status, current, total] of steps)
      transfers.apply({ id: 'a', status, progressDetail: current === undefined ? {} : { current, total } });
    return transfers;
  };

  test('a layer from nothing to complete', () => {
    expect(lines(['Waiting']).totals(0)).toMatchObject({ done: 0, count: 1, moved: 0, size: null });
    const half = lines(['Waiting'], ['Downloading', 50, 100]);
    expect(half.rows(0)).toMatchObject([{ id: 'a', step: { current: 50, total: 100 }, done: false }]);
    expect(half.totals(0)).toMatchObject({ moved: 50, size: 100 });
    const unpacking = lines(['Downloading', 50, 100], ['Extracting', 7, 100]);
    expect(unpacking.rows(0)).toMatchObject([{ step: { current: 7, total: 100 }, rate: null }]);
    expect(unpacking.totals(0)).toMatchObject({ done: 0, moved: 100, size: 100 });
    expect(lines(['Downloading', 50, 100], ['Pull complete']).totals(0)).toMatchObject({
      done: 1,
      moved: 100,
    });
  });

  test.each(['Pull complete', 'Already exists', 'Pushed', 'Layer already exists', 'Mounted from library/x'])(
    '%s is done',
    (status) => expect(lines([status]).totals(0)).toMatchObject({ done: 1, size: 0 }),
  );

  test('a size that was never told is what came', () =>
    expect(lines(['Downloading', 50, 0], ['Download complete']).totals(0)).toMatchObject({
      moved: 50,
      size: 50,
    }));

  test('bytes that were there before are no speed', () => {
    const transfers = lines(['Downloading', 1000, 5000]);
    transfers.totals(0);
    transfers.apply({ id: 'a', status: 'Downloading', progressDetail: { current: 3000, total: 5000 } });
    expect(transfers.totals(1000).rate).toBe(2000);
    // Begun anew: nothing moved backwards.
    transfers.apply({ id: 'a', status: 'Downloading', progressDetail: { current: 100, total: 5000 } });
    expect(transfers.totals(2000).rate).toBeLessThan(2000);
    expect(transfers.totals(2000).moved).toBe(100);
  });
});

describe('a row', () => {
  const half = { current: 5e6, total: 1e7 };
  const bar = (length: number) => `[${`${'='.repeat(length / 2)}>`.padEnd(length)}]`;
  test.each<[number, Partial<Row>, string]>([
    [80, {}, 'aaaaaaaaaaaa: Downloading'],
    [20, {}, 'aaaaaaaaaaaa: Downlo'],
    [200, { step: half }, `aaaaaaaaaaaa: Downloading ${bar(50)} 5MB/10MB`],
    [79, { step: half }, `aaaaaaaaaaaa: Downloading ${bar(28)} 5MB/10MB`],
    [79, { step: half, rate: 3.21e6 }, `aaaaaaaaaaaa: Downloading ${bar(28)} 5MB/10MB      3.21MB/s`],
    [61, { step: { current: 1e7, total: 1e7 } }, 'aaaaaaaaaaaa: Downloading [==========] 10MB/10MB'],
    [61, { step: { current: 2e7, total: 1e7 } }, 'aaaaaaaaaaaa: Downloading [==========] 20MB/10MB'],
    [60, { step: half }, 'aaaaaaaaaaaa: Downloading 5MB/10MB'],
    [79, { step: { current: 5e6, total: 0 } }, 'aaaaaaaaaaaa: Downloading 5MB'],
    [79, { id: '', status: 'Importing', step: { current: 5, total: 0 } }, 'Importing 5B'],
  ])('%d columns: %p', (width, given, text) => expect(rowLine(row(given), width)).toBe(text));

  test('is never longer than it may be', () => {
    const step = fc.record({ current: fc.nat(), total: fc.nat() });
    const any = fc.record({
      id: fc.constantFrom('', 'aaaaaaaaaaaa'),
      status: fc.constantFrom('Downloading', 'Waiting'),
      step: fc.option(step),
      rate: fc.option(fc.nat()),
    });
    fc.assert(
      fc.property(any, fc.integer({ min: 0, max: 200 }), (given, width) => {
        expect(rowLine(row(given), width).length).toBeLessThanOrEqual(width);
      }),
    );
  });
});

describe('the total', () => {
  test.each<[Partial<Totals>, string]>([
    [{}, '3/7 layers, 120MB/310MB, 45MB/s, 5s left'],
    [{ rate: null }, '3/7 layers, 120MB/310MB'],
    [{ rate: 0 }, '3/7 layers, 120MB/310MB'],
    [{ size: null }, '3/7 layers, 120MB, 45MB/s'],
    [{ moved: 0, size: null, rate: null }, '3/7 layers'],
    [{ moved: 310e6 }, '3/7 layers, 310MB/310MB'],
    [{ rate: 1.52e6 }, '3/7 layers, 120MB/310MB, 1.52MB/s, 2m05s left'],
    [{ rate: 50e3 }, '3/7 layers, 120MB/310MB, 50kB/s, 1h03m left'],
  ])('%p', (given, text) => expect(totalLine({ ...totals, ...given })).toBe(text));
});

describe('the screen', () => {
  const many = (count: number) =>
    Array.from({ length: count }, (_, index) =>
      row({
        id: String(index),
        status: index % 3 === 0 ? 'Pull complete' : 'Downloading',
        step: index % 3 === 1 ? { current: 1, total: 2 } : null,
        done: index % 3 === 0,
      }),
    );

  test('shows everything where it fits', () => {
    const lines = liveLines(many(3), totals, { rows: 5, columns: 80 });
    expect(lines).toHaveLength(4);
    expect(lines.at(-1)).toStartWith('3/7 layers');
    expect(liveLines(many(1), totals, { rows: 5, columns: 80 })).toHaveLength(1);
  });

  test('shows what moves, in its order, where it does not', () => {
    const lines = liveLines(many(12), totals, { rows: 8, columns: 30 });
    expect(lines.map((line) => line.split(' ').slice(0, 3).join(' '))).toEqual([
      '1: Downloading 1B/2B',
      '2: Downloading',
      '4: Downloading 1B/2B',
      '7: Downloading 1B/2B',
      '10: Downloading 1B/2B',
      '… and 7',
      '3/7 layers, 120MB/310MB,',
    ]);
  });

  test('never has more lines than leave room for the cursor, nor wraps', () => {
    fc.assert(
      fc.property(
        fc.nat(60),
        fc.integer({ min: 1, max: 60 }),
        fc.integer({ min: 1, max: 120 }),
        (count, rows, columns) => {
          const lines = liveLines(many(count), totals, { rows, columns });
          expect(lines.length).toBeLessThanOrEqual(Math.max(1, rows - 1));
          for (const line of lines) expect(line.length).toBeLessThan(columns);
        },
      ),
    );
  });
});
