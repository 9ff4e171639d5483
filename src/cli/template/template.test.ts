import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { sprintf } from './print.ts';
import { goQuote, unquote } from './quote.ts';
import { compile, render } from './template.ts';

const data = {
  Name: 'web',
  Count: 3,
  Zero: 0,
  Empty: '',
  On: true,
  List: ['a', 'b', 'c'],
  None: null,
  Map: { z: 1, a: 2 },
  Nested: { Deep: { Value: 'x' } },
  Ports: [{ Host: 80 }, { Host: 81 }],
};

const run = (source: string, value: unknown = data) => render(compile(source), value, { missing: 'error' });

describe('templates', () => {
  test.each([
    ['plain', 'plain'],
    ['{{.Name}}', 'web'],
    ['{{ .Nested.Deep.Value }}', 'x'],
    ['a {{- /* no */ -}} b', 'ab'],
    ['a {{- .Name -}} b', 'awebb'],
    ['{{.List}} {{.Map}} {{.On}} {{.Count}}', '[a b c] map[a:2 z:1] true 3'],
    ['{{.None}}', '<no value>'],
    ['{{if .Zero}}y{{else}}n{{end}}{{if .On}}y{{end}}', 'ny'],
    ['{{if eq .Count 1}}1{{else if eq .Count 2 3}}2or3{{else}}?{{end}}', '2or3'],
    ['{{range .List}}<{{.}}>{{end}}', '<a><b><c>'],
    ['{{range $i, $v := .List}}{{$i}}={{$v}} {{end}}', '0=a 1=b 2=c '],
    ['{{range $k, $v := .Map}}{{$k}}{{$v}}{{end}}', 'a2z1'],
    ['{{range .Empty | split "," }}{{.}}{{else}}none{{end}}', ','],
    ['{{range .None}}x{{else}}none{{end}}', 'none'],
    ['{{range .List}}{{if eq . "b"}}{{continue}}{{end}}{{.}}{{end}}', 'ac'],
    ['{{range .List}}{{if eq . "b"}}{{break}}{{end}}{{.}}{{end}}', 'a'],
    ['{{range 3}}{{.}}{{end}}', '012'],
    ['{{with .Nested}}{{.Deep.Value}}{{$.Name}}{{end}}', 'xweb'],
    ['{{with .Empty}}y{{else}}n{{end}}', 'n'],
    ['{{with $x := .Name}}{{$x}}{{end}}', 'web'],
    ['{{$x := 1}}{{if .On}}{{$x = 2}}{{end}}{{$x}}', '2'],
    ['{{define "t"}}[{{.}}]{{end}}{{template "t" .Name}}{{template "t" .Count}}', '[web][3]'],
    ['{{block "b" .Name}}({{.}}){{end}}', '(web)'],
    ['{{index .List 1}}{{index .Map "z"}}{{(index .Ports 1).Host}}', 'b181'],
    ['{{slice .List 1}}{{slice .Name 0 2}}', '[b c]we'],
    ['{{len .List}}{{len .Name}}{{len .Map}}', '332'],
    ['{{and .On .Name}}{{and .Zero .Name}}{{or .Zero .Name}}{{not .On}}', 'web0webfalse'],
    ['{{or .On (index .List 99)}}', 'true'],
    ['{{lt 1 2}}{{le 2 2}}{{gt "b" "a"}}{{ge 1 2}}{{ne 1 2}}', 'truetruetruefalsetrue'],
    ['{{.Name | upper | printf "%s-%s" "x"}}', 'x-WEB'],
    ['{{json .List}}{{json .Map}}{{json "<"}}', '["a","b","c"]{"z":1,"a":2}"<"'],
    [
      '{{join .List "+"}} {{title "hello world"}} {{lower "ABC"}} {{truncate "héllo" 2}}{{pad "x" 1 2}}|',
      'a+b+c Hello World abc hé x  |',
    ],
    ['{{println "a" 1}}{{print "a" 1 2 "b"}}', 'a 1\na1 2b'],
    ['{{html "<&\\">"}} {{js "it\'s"}} {{urlquery "a b&c"}}', "&lt;&amp;&#34;&gt; it\\'s a+b%26c"],
    ['{{"q\\t\\u00e9"}}{{`raw\\t`}}{{\'a\'}}', 'q\té' + 'raw\\t97'],
    ['{{- "x" -}}\n  y', 'xy'],
  ])('%s', (source, expected) => {
    expect(run(source)).toBe(expected);
  });

  test.each([
    ['{{.Nope}}', 'template: :1:2: executing "" at <.Nope>: map has no entry for key "Nope"'],
    [
      'a\n {{.Nested.Nope}}',
      'template: :2:10: executing "" at <.Nested.Nope>: map has no entry for key "Nope"',
    ],
    ['{{.Name.X}}', 'template: :1:7: executing "" at <.Name.X>: can\'t evaluate field X in type string'],
    [
      '{{index .List 9}}',
      'template: :1:2: executing "" at <index .List 9>: error calling index: index out of range: 9',
    ],
    ['{{template "no"}}', 'template: :1:2: executing "" at <{{template "no"}}>: template "no" not defined'],
    ['{{range .On}}{{end}}', "range can't iterate over true"],
    ['{{foo}}', 'template parsing error: template: :1: function "foo" not defined'],
    ['{{.Name', 'template parsing error: template: :1: unclosed action'],
    ['{{if .On}}', 'template parsing error: template: :1: unexpected EOF'],
    ['{{end}}', 'template parsing error: template: :1: unexpected {{end}}'],
    ['{{$x}}', 'template parsing error: template: :1: undefined variable "$x"'],
    ['{{}}', 'template parsing error: template: :1: missing value for command'],
    ['{{break}}', 'template parsing error: template: :1: {{break}} outside {{range}}'],
    ['{{"a}}', 'template parsing error: template: :1: unterminated quoted string'],
    ['{{1 | 2}}', 'template parsing error: template: :1: non executable command in pipeline stage 2'],
    ['{{eq 1 "a"}}', 'incompatible types for comparison'],
    ['{{define "t"}}{{template "t"}}{{end}}{{template "t"}}', 'exceeded maximum template depth'],
  ])('%s is refused', (source, message) => {
    expect(() => run(source)).toThrow(message);
  });

  test('text without actions is itself', () => {
    fc.assert(
      fc.property(
        fc.string().filter((text) => !text.includes('{{')),
        (text) => {
          expect(run(text)).toBe(text);
        },
      ),
    );
  });

  test('no text makes the parser do anything but parse or refuse', () => {
    const piece = fc.constantFrom(
      '{{',
      '}}',
      '.',
      'x',
      '$',
      '|',
      '(',
      ')',
      '"',
      '`',
      ' ',
      'if',
      'end',
      'range',
      ':=',
      ',',
      '-',
      '1',
      '.A',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        try {
          compile(pieces.join(''));
        } catch (error) {
          expect(String(error)).toContain('template parsing error: template: :1: ');
        }
      }),
      { numRuns: 500 },
    );
  });

  test('quoting and unquoting are inverse', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(unquote(goQuote(text))).toBe(text);
      }),
    );
  });
});

describe('printf', () => {
  test.each([
    ['%d %5d|%-5d|%05d|%+d', [1, 2, 3, 4, 5], '1     2|3    |00004|+5'],
    ['%s|%10s|%-10s|%.2s', ['a', 'b', 'c', 'def'], 'a|         b|c         |de'],
    ['%q %x %X %c %U %o %b', ['a"b', 255, 255, 65, 65, 8, 5], '"a\\"b" ff FF A U+0041 10 101'],
    ['%v %t %T %%', [[1, 'a'], true, 'x'], '[1 a] true string %'],
    ['%.2f %e', [1.255, 12345.678], '1.25 1.234568e+04'],
    ['%d', ['x'], '%!d(string=x)'],
    ['%s', [], '%!s(MISSING)'],
    ['x', [1], 'x%!(EXTRA int=1)'],
    ['%*d', [4, 7], '   7'],
    ['%!', [1], '%!!(int=1)'],
  ])('%s', (format, args, expected) => {
    expect(sprintf(format, args as unknown[])).toBe(expected);
  });
});
