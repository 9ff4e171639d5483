import { expect, test } from 'bun:test';
import { splitCommand } from './command.ts';
import { parseJsonForm } from './json-form.ts';
import { splitWords } from './words.ts';

test('words keep their quotes and escapes', () => {
  const cases: [string, string[]][] = [
    ['foo bar', ['foo', 'bar']],
    ['foo\\ bar', ['foo\\ bar']],
    [`foo bar 'abc xyz'`, ['foo', 'bar', `'abc xyz'`]],
    [`a="b c"d e`, [`a="b c"d`, 'e']],
    ['föo "âbc xÿz"', ['föo', '"âbc xÿz"']],
    [`'a\\' b`, [`'a\\'`, 'b']],
    [`"a\\" b`, [`"a\\" b`]],
    ['a \\', ['a']],
    ['a\\', ['a']],
    ['""', ['""']],
    ['', []],
  ];
  for (const [text, words] of cases) expect(splitWords(text, '\\')).toEqual(words);
  expect(splitWords('a` b\\ c', '`')).toEqual(['a` b\\', 'c']);
});

test('flags are the words with dashes behind the keyword', () => {
  expect(splitCommand('  run  --mount=type=bind,src="a b" --x\\ y ls --all ', '\\')).toEqual({
    keyword: 'run',
    flags: ['--mount=type=bind,src=a b', '--x y'],
    args: 'ls --all',
  });
  expect(splitCommand('COPY --link -- --from=x /y', '\\')).toEqual({
    keyword: 'COPY',
    flags: ['--link'],
    args: '--from=x /y',
  });
  expect(splitCommand('RUN --', '\\')).toEqual({ keyword: 'RUN', flags: [], args: '' });
  expect(splitCommand('CMD', '\\')).toEqual({ keyword: 'CMD', flags: [], args: '' });
});

test('JSON or not', () => {
  expect(parseJsonForm(' ["a","b\\u00e9"] ')).toEqual(['a', 'bé']);
  expect(parseJsonForm('[]')).toEqual([]);
  for (const text of ['', 'a', '["a"] b', "['a']", '["a",]', '{"a":1}', `${'['.repeat(1e5)}`])
    expect(parseJsonForm(text)).toBeNull();
  for (const text of ['[1]', '["a", null]', '[["a"]]'])
    expect(() => parseJsonForm(text)).toThrow('arrays must be comprised of strings only');
});
