import { expect, test } from 'bun:test';
import { parseAnyReference } from './references.ts';

const hex = 'a'.repeat(64);

test('full ids are ids', () => {
  expect(parseAnyReference(hex)).toMatchObject({ kind: 'id', digest: `sha256:${hex}` });
  expect(parseAnyReference(`sha256:${hex}`)).toMatchObject({ kind: 'id' });
  expect(parseAnyReference('aaaa')).toMatchObject({ kind: 'name' });
});
