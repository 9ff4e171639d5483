import { expect, test } from 'bun:test';
import { layout, layoutText } from './table.ts';

test('cells are padded to the widest of their column, the last one is not', () => {
  const rows = [
    ['CONTAINER ID', 'NAME'],
    ['a', 'web'],
  ];
  expect(layout(rows)).toBe('CONTAINER ID   NAME\na              web\n');
});

test('narrow columns are ten wide', () => {
  expect(layout([['TAG', 'SIZE', 'X']])).toBe('TAG       SIZE      X\n');
});

test('a column ends where a line has no cell in it', () => {
  expect(layoutText('a\tb\nlong long line without a cell\nc\td\n')).toBe(
    'a         b\nlong long line without a cell\nc         d\n',
  );
});

test('wide characters count by their width', () => {
  expect(layout([['日本', 'x']])).toBe('日本      x\n');
});
