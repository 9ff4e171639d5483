import { expect, test } from 'bun:test';
import { didYouMean, nearest } from './suggest.ts';

test('the nearest word at most two edits away', () => {
  expect(nearest('RNU', ['ENV', 'RUN', 'CMD'])).toBe('RUN');
  expect(nearest('form', ['from', 'chown'])).toBe('from');
  expect(nearest('COPPPPY', ['COPY'])).toBeNull();
  expect(nearest('x'.repeat(1e6), ['COPY'])).toBeNull();
  expect(nearest('a', [])).toBeNull();
});

test('a known word needs no suggestion, though another is near', () => {
  expect(nearest('ARG', ['ARH', 'ARG'])).toBeNull();
  expect(didYouMean('FRM', ['FROM'])).toBe(' (did you mean FROM?)');
  expect(didYouMean('FROM', ['FROM'])).toBe('');
});
