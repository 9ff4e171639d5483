import { expect, test } from 'bun:test';
import { parseVolumeSpec } from './volume-spec.ts';

test('the forms of -v', () => {
  expect(parseVolumeSpec('/data')).toMatchObject({ type: 'volume', source: '', target: '/data' });
  expect(parseVolumeSpec('name:/data/')).toMatchObject({ type: 'volume', source: 'name', target: '/data' });
  expect(parseVolumeSpec('/a/../b:/c//d:ro,z')).toMatchObject({
    type: 'bind',
    source: '/b',
    target: '/c/d',
    mode: 'ro,z',
    readOnly: true,
  });
  expect(parseVolumeSpec('/a:/b:rshared').propagation).toBe('rshared');
  expect(parseVolumeSpec('v:/b:nocopy').noCopy).toBe(true);
});

const refused: [string, string][] = [
  [':/x', "invalid volume specification: ':/x'"],
  ['a:b:ro:c', "invalid volume specification: 'a:b:ro:c'"],
  ['/a:ro', "invalid volume specification: '/a:ro'"],
  ['/a:/b:purple', 'invalid mode: purple'],
  ['/a:/b:ro,rw', 'invalid mode: ro,rw'],
  [
    '/a:/',
    `invalid volume specification: '/a:/': invalid mount config for type "bind": invalid specification: destination can't be '/'`,
  ],
  [
    '/a:b',
    `invalid volume specification: '/a:b': invalid mount config for type "bind": invalid mount path: 'b' mount path must be absolute`,
  ],
];
for (const [raw, text] of refused)
  test(`-v ${raw} is refused`, () => expect(() => parseVolumeSpec(raw)).toThrow(text));
