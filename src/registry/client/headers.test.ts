import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { nextPage } from './link.ts';
import { contentRangeStart, uploadedBytes } from './ranges.ts';
import { mergeScopes } from './scopes.ts';

describe('Link', () => {
  test('names the next page', () => {
    for (const header of [
      '</v2/a/tags/list?n=2&last=b>; rel="next"',
      '</v2/a/tags/list?n=2&last=b>;rel=next',
      '<https://x/first>; rel="first", </v2/a/tags/list?n=2&last=b>; title="a, b"; rel="last next"',
    ])
      expect(nextPage(header)).toBe('/v2/a/tags/list?n=2&last=b');
    for (const header of ['', '</x>', '</x>; rel="prev"', '</x>; rel="nextish"', 'rel="next"'])
      expect(nextPage(header)).toBeNull();
  });
});

describe('ranges', () => {
  test('of downloads', () => {
    expect(contentRangeStart('bytes 5-9/10')).toBe(5);
    expect(contentRangeStart('bytes 0-9/*')).toBe(0);
    for (const header of ['', 'bytes */10', 'bytes=5-9', 'bytes 5-/10', 'bytes -5-9/10', 'bytes 1e3-9/10'])
      expect(contentRangeStart(header)).toBeNull();
  });

  test('of uploads', () => {
    expect(uploadedBytes('0-99')).toBe(100);
    expect(uploadedBytes('bytes=0-99')).toBe(100);
    for (const header of ['', '0-0', '5-9', '0--1', '0-x', '99']) expect(uploadedBytes(header)).toBeNull();
  });
});

describe('scopes', () => {
  test('of the same repository become one', () => {
    expect(
      mergeScopes([
        'repository:b:pull',
        'repository:a/x:push,pull',
        'repository:b:push',
        '',
        'registry:catalog:*',
      ]),
    ).toEqual(['registry:catalog:*', 'repository:a/x:pull,push', 'repository:b:pull,push']);
    expect(mergeScopes(['repository:host:5000/a:pull'])).toEqual(['repository:host:5000/a:pull']);
  });

  test('mean the same in any order, however often they are merged', () => {
    const scope = fc
      .tuple(fc.constantFrom('a', 'b/c', 'h:1/d'), fc.subarray(['pull', 'push', 'delete'], { minLength: 1 }))
      .map(([name, actions]) => `repository:${name}:${actions.join(',')}`);
    fc.assert(
      fc.property(fc.array(scope, { maxLength: 6 }), (scopes) => {
        const merged = mergeScopes(scopes);
        expect(mergeScopes(scopes.toReversed())).toEqual(merged);
        expect(mergeScopes([...merged, ...scopes])).toEqual(merged);
      }),
    );
  });
});
