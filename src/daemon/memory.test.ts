import { expect, test } from 'bun:test';
import { codeMappings, giveBack } from './memory.ts';

test('the code of this program is found, given back, and still works', () => {
  const size = [...codeMappings()].reduce((sum, mapping) => sum + mapping.size, 0);
  expect(size).toBeGreaterThan(10 << 20);
  const before = process.memoryUsage.rss();
  giveBack();
  expect(process.memoryUsage.rss()).toBeLessThan(before);
});
