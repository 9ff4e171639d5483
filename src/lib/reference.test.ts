import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { EngineError } from './errors.ts';
import { canonicalName, familiarName, parseReference, withTag } from './reference.ts';

const hex = 'a'.repeat(64);

describe('parseReference', () => {
  const cases: [string, string, string][] = [
    ['busybox', 'docker.io/library/busybox', 'busybox'],
    ['busybox:1.36', 'docker.io/library/busybox:1.36', 'busybox:1.36'],
    ['library/busybox', 'docker.io/library/busybox', 'busybox'],
    ['docker.io/busybox', 'docker.io/library/busybox', 'busybox'],
    ['index.docker.io/busybox', 'docker.io/library/busybox', 'busybox'],
    ['user/app', 'docker.io/user/app', 'user/app'],
    ['localhost/app', 'localhost/app', 'localhost/app'],
    ['localhost:5000/app:v1', 'localhost:5000/app:v1', 'localhost:5000/app:v1'],
    ['quay.io/a/b/c', 'quay.io/a/b/c', 'quay.io/a/b/c'],
    ['[::1]:5000/x', '[::1]:5000/x', '[::1]:5000/x'],
    ['UPPER/app', 'UPPER/app', 'UPPER/app'],
    ['a__b-d/e--f.g', 'docker.io/a__b-d/e--f.g', 'a__b-d/e--f.g'],
    [`busybox@sha256:${hex}`, `docker.io/library/busybox@sha256:${hex}`, `busybox@sha256:${hex}`],
    [`busybox:1@sha256:${hex}`, `docker.io/library/busybox:1@sha256:${hex}`, `busybox:1@sha256:${hex}`],
  ];
  for (const [text, canonical, familiar] of cases)
    test(text, () => {
      const name = parseReference(text);
      expect(canonicalName(name)).toBe(canonical);
      expect(familiarName(name)).toBe(familiar);
    });

  const errors: [string, string][] = [
    ['', 'invalid reference format'],
    [':latest', 'invalid reference format'],
    ['a b', 'invalid reference format'],
    ['a:b:c', 'invalid reference format'],
    ['a/', 'invalid reference format'],
    ['-a', 'invalid reference format'],
    ['a..b', 'invalid reference format'],
    ['a:-x', 'invalid reference format'],
    [`a:${'x'.repeat(129)}`, 'invalid reference format'],
    ['FOO', 'invalid reference format: repository name (library/FOO) must be lowercase'],
    ['user/FOO:x', 'invalid reference format: repository name (user/FOO) must be lowercase'],
    [hex, `invalid repository name (${hex}), cannot specify 64-byte hexadecimal strings`],
    [`a@sha256:${'a'.repeat(40)}`, 'invalid reference format: invalid checksum digest length'],
    [`a@md5:${'a'.repeat(32)}`, 'invalid reference format: unsupported digest algorithm'],
    [
      `a/${'b'.repeat(256)}`,
      'invalid reference format: repository name must not be more than 255 characters',
    ],
  ];
  for (const [text, message] of errors)
    test(`refuses ${text.slice(0, 40)}`, () => expect(() => parseReference(text)).toThrow(message));
});

test('the tag latest is added only where nothing else says which', () => {
  expect(withTag(parseReference('a')).tag).toBe('latest');
  expect(withTag(parseReference('a:1')).tag).toBe('1');
  expect(withTag(parseReference(`a@sha256:${hex}`)).tag).toBe(null);
});

test('whatever parses is stable: familiar and canonical names parse to the same', () => {
  const part = fc.stringMatching(/^[a-z0-9]{1,8}([._-][a-z0-9]{1,8})?$/);
  fc.assert(
    fc.property(
      fc.array(part, { minLength: 1, maxLength: 4 }),
      fc.option(fc.stringMatching(/^\w[\w.-]{0,20}$/)),
      (parts, tag) => {
        const name = parseReference(parts.join('/') + (tag === null ? '' : `:${tag}`));
        expect(parseReference(canonicalName(name))).toEqual(name);
        expect(parseReference(familiarName(name))).toEqual(name);
      },
    ),
  );
});

test('whatever text comes, the answer is a name or an EngineError', () => {
  const piece = fc.constantFrom(
    '/',
    ':',
    '@',
    '.',
    '-',
    '__',
    'a',
    'A',
    '[::1]',
    ':5000',
    'sha256:',
    hex,
    'docker.io',
    ' ',
    '\0',
    'é',
  );
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(piece).map((pieces) => pieces.join('')),
  );
  fc.assert(
    fc.property(text, (reference) => {
      let name: ReturnType<typeof parseReference>;
      try {
        name = parseReference(reference);
      } catch (error) {
        expect(error).toBeInstanceOf(EngineError);
        return;
      }
      expect(parseReference(canonicalName(name))).toEqual(name);
    }),
    { numRuns: 500 },
  );
});
