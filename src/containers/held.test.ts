import { expect, test } from 'bun:test';
import { held } from './held.ts';

async function* two() {
  yield Uint8Array.of(1);
  yield Uint8Array.of(2);
}

async function* broken(): AsyncGenerator<Uint8Array> {
  yield Uint8Array.of(1);
  throw new Error('broken');
}

function resources() {
  const log: string[] = [];
  const stack = new AsyncDisposableStack();
  stack.defer(() => void log.push('released'));
  return { log, stack };
}

test('released at the end', async () => {
  const { log, stack } = resources();
  const chunks: number[] = [];
  for await (const [byte] of held(two(), stack)) {
    expect(log).toEqual([]);
    chunks.push(byte ?? 0);
  }
  expect(chunks).toEqual([1, 2]);
  expect(log).toEqual(['released']);
});

test('released when the reader leaves, before or after the first chunk', async () => {
  for (const steps of [0, 1]) {
    const { log, stack } = resources();
    const iterator = held(two(), stack);
    for (let i = 0; i < steps; i++) await iterator.next();
    await iterator.return?.();
    await iterator.return?.();
    expect(log).toEqual(['released']);
  }
});

test('released when it breaks', async () => {
  const { log, stack } = resources();
  const read = async () => {
    for await (const _ of held(broken(), stack));
  };
  await expect(read()).rejects.toThrow('broken');
  expect(log).toEqual(['released']);
});
