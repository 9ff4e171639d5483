// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are the Dockerfile's variables.
import { describe, expect, test } from 'bun:test';
import { expand } from './lexer.ts';

const env = (values: Record<string, string>) => new Map(Object.entries(values));
const standard = env({ PWD: '/home', SHELL: 'bash', KOREAN: '한국어', NULL: '' });
const text = (source: string, values = standard) => expand(source, values, { escapeToken: '\\' }).text;
const words = (source: string, values = standard) =>
  expand(source, values, { escapeToken: '\\', splits: true }).words;

function table(cases: Record<string, string>, values = standard) {
  for (const [source, expected] of Object.entries(cases))
    expect([source, text(source, values)]).toEqual([source, expected]);
}

test('names', () =>
  table({
    'hello $PWD$SHELL': 'hello /homebash',
    'a${PWD}b': 'a/homeb',
    'he$PWD.': 'he/home.',
    $XXX: '',
    '$KOREAN.': '한국어.',
    $: '$',
    'a$ b': 'a$ b',
    $$: '',
    $1a: 'a',
    '$-': '',
    '${1}': '',
  }));

test('quotes and escapes', () =>
  table({
    "'$PWD'": '$PWD',
    '"$PWD"': '/home',
    '"\'$PWD\'"': "'/home'",
    '\\$PWD': '$PWD',
    '\\\\$PWD': '\\/home',
    '"\\$PWD\\a\\\\"': '$PWD\\a\\',
    "'a\\'b": 'a\\b',
    'a\\ b\\': 'a b',
    '""': '',
  }));

test('the other escape character', () => {
  const of = (source: string) => expand(source, standard, { escapeToken: '`' }).text;
  expect(of('c:\\a`$PWD')).toBe('c:\\a$PWD');
  expect(of('"`"\\n"')).toBe('"\\n');
});

test('defaults, alternatives and refusals', () => {
  const values = env({ FOO: 'xxx', BAR: '' });
  table(
    {
      '${FOO-aaa} ${BAR-bbb} ${BAZ-ccc}': 'xxx  ccc',
      '${FOO:-aaa} ${BAR:-bbb} ${BAZ:-ccc}': 'xxx bbb ccc',
      '${FOO+aaa} ${BAR+bbb} ${BAZ+ccc}': 'aaa bbb ',
      '${FOO:+aaa} ${BAR:+bbb} ${BAZ:+ccc}': 'aaa  ',
      '${BAZ:-${BAR:-"a } b"}}': 'a } b',
      '${BAZ:-$FOO\\}}': 'xxx}',
      '${FOO?no} ${BAR?no}': 'xxx ',
    },
    values,
  );
  const refused: Record<string, string> = {
    '${BAZ?no $FOO}': 'BAZ: no xxx',
    '${BAR:?}': 'BAR: is not allowed to be empty',
    '${BAZ:?}': 'BAZ: is not allowed to be unset',
    '${BAZ?}': 'BAZ: is not allowed to be unset',
    '${FOO:-${BAZ:?inner}}': 'BAZ: inner',
  };
  for (const [source, message] of Object.entries(refused))
    expect(() => text(source, values)).toThrow(`failed to process ${JSON.stringify(source)}: ${message}`);
});

test('patterns', () => {
  const of = (source: string, FOO: string, BAR = '') => text(source, env({ FOO, BAR }));
  expect(of('${FOO#()[]{\\}^$.\\*\\?|\\\\}', '()[]{}^$.*?|\\x')).toBe('x');
  expect(of('${FOO#*x*y}', 'xxyy')).toBe('y');
  expect(of('${FOO##*x}', 'xxyy')).toBe('yy');
  expect(of('${FOO#*}', 'xxyy')).toBe('xxyy');
  expect(of('${FOO##*}', 'xxyy')).toBe('');
  expect(of('${FOO#?\\?}', '???y')).toBe('?y');
  expect(of('${FOO%%\\**}', 'xx**')).toBe('xx');
  expect(of('${FOO%%\\**\\*}', 'a***yy*')).toBe('a');
  expect(of('${FOO%.*}', 'a.b.c')).toBe('a.b');
  expect(of('${FOO%%.*}', 'a.b.c')).toBe('a');
  expect(of('${FOO#$BAR}', 'xxyy', 'x')).toBe('xyy');
  expect(of('${FOO%}', 'xxyy')).toBe('xxyy');
  expect(of('${FOO/$BAR/.} - ${FOO//$BAR/.}', '/foo*/*/*.txt', '\\*/')).toBe('/foo.*/*.txt - /foo..*.txt');
  expect(of('${FOO//\\//\\/}', '/tmp/foo.txt')).toBe('\\/tmp\\/foo.txt');
  expect(of('${FOO/$BAR/ww}', 'xxyy')).toBe('wwxxyy');
  expect(of('${FOO//$BAR/w}', 'ab')).toBe('wawbw');
  expect(of('${FOO///}', 'xxyy')).toBe('xxyy');
  expect(of('${FOO//?/x}', 'a한😀')).toBe('xxx');
  expect(of('${FOO//a*/x}', 'ba\nab')).toBe('bx\nx');
  expect(() => of('${FOO#\\x}', 'a')).toThrow("invalid pattern (\\x) in substitution: invalid escape '\\x'");
});

test('what is no substitution', () => {
  const cases: Record<string, string> = {
    '${': "missing '}'",
    '${FOO': "missing '}'",
    '${FOO:-a': "missing '}'",
    '${FOO//ww}': "missing '/' in ${}",
    '${}': 'bad substitution',
    '${{FOO}}': 'bad substitution',
    '${:-a}': 'bad substitution',
    '${FOO=a}': 'unsupported modifier (=) in substitution',
    '${FOO:=a}': 'unsupported modifier (:=) in substitution',
    "'a": 'looking for matching single-quote',
    '"a': 'looking for matching double-quote',
  };
  for (const [source, message] of Object.entries(cases)) expect(() => text(source)).toThrow(message);
});

test('words are split after expansion, but not in quotes', () => {
  const values = env({ dog: 'cat', sp: 'a b', empty: '' });
  expect(words('hello $dog', values)).toEqual(['hello', 'cat']);
  expect(words(`x$sp "$sp" 'c d' e\\ f`, values)).toEqual(['xa', 'b', 'a b', 'c d', 'e f']);
  expect(words('$empty "" \t', values)).toEqual([]);
  expect(words('<<  EOF')).toEqual(['<<  EOF']);
});

test('heredoc bodies and kept pieces', () => {
  const options = { escapeToken: '\\', plainQuotes: true } as const;
  expect(expand(`"$PWD" '$PWD' \\$x`, standard, options).text).toBe(`"/home" '/home' $x`);
  const kept = { escapeToken: '\\', keepQuotes: true, keepEscapes: true, keepUnset: true } as const;
  const source = '"a\\$b" \'c\' \\d $e ${f} ${g:-h} ${i%j} ${k/l/m}';
  expect(expand(source, standard, kept).text).toBe(source);
});

test('which names were looked up', () => {
  const result = expand('${FOO:-$BAZ} $BAR $QUX', env({ FOO: 'x', BAR: '' }), { escapeToken: '\\' });
  expect([...result.matched].sort()).toEqual(['BAR', 'FOO']);
  expect([...result.unmatched].sort()).toEqual(['BAZ', 'QUX']);
});

describe('hostile texts end soon', () => {
  test('nesting', () => {
    const deep = (depth: number) => `${'${a:-'.repeat(depth)}x${'}'.repeat(depth)}`;
    expect(text(deep(90))).toBe('x');
    expect(() => text(deep(50_000))).toThrow('nested too deeply');
  });
  test('growth', () => {
    const values = env({ a: 'x'.repeat(1 << 20) });
    expect(() => text('$a'.repeat(100), values)).toThrow('the result is too long');
    expect(() => text('${a//x/$a}', values)).toThrow('the result is too long');
  });
  test('patterns that make regular expressions backtrack', () => {
    const a = 'a'.repeat(60_000);
    expect(text(`\${a##${'*a'.repeat(20)}b}`, env({ a }))).toBe(a);
    expect(text('${a//*b/x}', env({ a }))).toBe(a);
    expect(() => text(`\${a##*${'?'.repeat(30_000)}b}`, env({ a }))).toThrow('too costly');
  });
});
