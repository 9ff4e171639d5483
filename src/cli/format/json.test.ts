import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { encodeJson, indentJson, parseExact } from './json.ts';

describe('JSON as Go writes it', () => {
  test('indentation agrees with JSON.stringify on every value', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(indentJson(JSON.stringify(value), '    ')).toBe(JSON.stringify(value, null, 4));
      }),
    );
  });

  test('indentation keeps numbers and escapes as they were sent', () => {
    expect(indentJson('{"a":1.0,"b":"\\u003c"}', '  ')).toBe('{\n  "a": 1.0,\n  "b": "\\u003c"\n}');
  });

  test('big integers stay exact', () => {
    const text = '{"limit":9223372036854771712,"small":5}';
    expect(encodeJson(parseExact(text), { escapeHtml: false })).toBe(text);
  });

  test('HTML characters are escaped where Go does so', () => {
    expect(encodeJson('<a&b>', { escapeHtml: true })).toBe('"\\u003ca\\u0026b\\u003e"');
    expect(encodeJson('<a&b>', { escapeHtml: false })).toBe('"<a&b>"');
  });
});
