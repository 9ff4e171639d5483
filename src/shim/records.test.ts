import { describe, expect, test } from 'bun:test';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseExitRecord, parseShimState, readExitRecord } from './records.ts';

describe('records', () => {
  test('are what the shim writes', () => {
    expect(
      parseExitRecord('{"code":137,"signal":9,"oom":true,"finishedAt":"1700000000123456789"}\n'),
    ).toEqual({
      code: 137,
      signal: 9,
      oom: true,
      finishedAt: '1700000000123456789',
    });
    expect(parseShimState('{"shimPid":10,"pid":11,"startTime":"99","startedAt":"17"}')).toEqual({
      shimPid: 10,
      pid: 11,
      startTime: '99',
      startedAt: '17',
    });
  });

  test.each([
    '',
    'null',
    '[]',
    '{"code":256,"signal":0,"oom":false,"finishedAt":"1"}',
    '{"code":0,"signal":-1,"oom":false,"finishedAt":"1"}',
    '{"code":0,"signal":0,"oom":0,"finishedAt":"1"}',
    '{"code":0,"signal":0,"oom":false,"finishedAt":"1e3"}',
  ])('refuse %j', (json) => {
    expect(() => parseExitRecord(json)).toThrow();
  });

  test('a missing file is undefined, a huge one refused', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'gantry-records-'));
    try {
      expect(await readExitRecord(join(dir, 'none'))).toBeUndefined();
      writeFileSync(join(dir, 'huge'), ' '.repeat(10_000));
      expect(readExitRecord(join(dir, 'huge'))).rejects.toThrow('larger');
    } finally {
      rmSync(dir, { recursive: true });
    }
  });
});
