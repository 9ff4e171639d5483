import { expect, test } from 'bun:test';
import { unneeded } from './collector.ts';

const layer = (key: string, parent: string | null = null) => ({
  key: `sha256:${key}`,
  parent: parent && `sha256:${parent}`,
});

test('layers that nothing stands on go, the uppermost first', () => {
  const snapshots = [layer('a'), layer('b', 'a'), layer('c', 'b'), layer('d', 'a')];
  expect(unneeded(snapshots, new Set(['sha256:b']))).toEqual(['sha256:c', 'sha256:d']);
  expect(unneeded(snapshots, new Set())).toEqual(['sha256:c', 'sha256:b', 'sha256:d', 'sha256:a']);
});

test('a container keeps its layers and is never collected itself', () => {
  const snapshots = [layer('a'), layer('b', 'a'), { key: 'container', parent: 'sha256:b' }, layer('x')];
  expect(unneeded(snapshots, new Set())).toEqual(['sha256:x']);
});
