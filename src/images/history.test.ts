import { expect, test } from 'bun:test';
import type { Digest } from '../lib/ids.ts';
import type { ImageConfig } from '../oci/image.ts';
import { imageHistory } from './history.ts';

const id = `sha256:${'1'.repeat(64)}` as Digest;
const config: ImageConfig = {
  architecture: 'amd64',
  os: 'linux',
  rootfs: { type: 'layers', diff_ids: [] },
  history: [
    { created: '2026-01-02T03:04:05Z', created_by: 'ADD rootfs' },
    { created: '2026-01-02T03:04:06Z', created_by: 'CMD ["sh"]', empty_layer: true },
    { created_by: 'RUN x', comment: 'last' },
  ],
};

test('newest first, each layer with its size, the id and tags on top only', () => {
  expect(imageHistory(id, config, [100, 7], ['a:latest'])).toEqual([
    { id, created: 0, createdBy: 'RUN x', size: 7, comment: 'last', tags: ['a:latest'] },
    { id: null, created: 1767323046000, createdBy: 'CMD ["sh"]', size: 0, comment: '', tags: [] },
    { id: null, created: 1767323045000, createdBy: 'ADD rootfs', size: 100, comment: '', tags: [] },
  ]);
});

test('more history than layers is refused', () => {
  expect(() => imageHistory(id, config, [100], [])).toThrow('too many non-empty layers in History section');
});

test('no history is an empty list', () => {
  expect(imageHistory(id, { ...config, history: undefined }, [1], [])).toEqual([]);
});
