import { expect, test } from 'bun:test';
import { excerpt, findCaret } from './location.ts';

const lines = (count: number) => Array.from({ length: count }, (_, index) => `line ${index + 1}`).join('\n');
const numbers = (text: string) =>
  [...text.matchAll(/^ +(\d+) \| (>>>)?/gm)].map((match) => `${match[1]}${match[2] ?? ''}`);

test('one line gets four neighbours, several get two, and a file may be shorter', () => {
  const of = (count: number, start: number, end: number) =>
    numbers(excerpt(lines(count), 'Dockerfile', { start, end }, null));
  expect(of(20, 10, 10)).toEqual(['8', '9', '10>>>', '11', '12']);
  expect(of(20, 10, 11)).toEqual(['9', '10>>>', '11>>>', '12']);
  expect(of(20, 1, 1)).toEqual(['1>>>', '2', '3']);
  expect(of(1, 1, 1)).toEqual(['1>>>']);
  expect(of(3, 2, 9)).toEqual(['1', '2>>>', '3>>>']);
});

test('the caret stands below its column, whatever the line ending', () => {
  const text = 'FROM a\r\nCOPY --form=b a b\r\n';
  const location = { start: 2, end: 2 };
  expect(excerpt(text, 'x/Dockerfile', location, findCaret(text, location, '--form'))).toBe(
    [
      'x/Dockerfile:2',
      '--------------------',
      '   1 |     FROM a',
      '   2 | >>> COPY --form=b a b',
      '     |          ^',
      '   3 |     ',
      '--------------------',
      '',
    ].join('\n'),
  );
});

test('nothing for a place outside the text', () => {
  expect(excerpt('a', 'Dockerfile', { start: 5, end: 5 }, null)).toBe('');
  expect(findCaret('a', { start: 1, end: 1 }, 'b')).toBeNull();
});
