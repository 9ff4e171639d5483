import { expect, test } from 'bun:test';
import { parseVolumeSpec, parseVolumesFrom } from './volume-spec.ts';

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

test('what only gantry has may stand beside what Docker has', () => {
  const { readOnly, owners } = parseVolumeSpec('v:/b:ro,uid=5,mode=0750,idmap=uids=0-1-2');
  const range = { from: 0, to: 1, count: 2 };
  expect([readOnly, owners]).toEqual([
    true,
    { fresh: { uid: 5, gid: null, mode: 0o750 }, idMap: { uids: [range], gids: [range] } },
  ]);
  expect(parseVolumeSpec('/a:/b:idmap').owners?.idMap).toBe('owner');
  expect(parseVolumeSpec('/a:/b:ro').owners).toBeNull();
});

test('--volumes-from', () => {
  expect(parseVolumesFrom('web')).toEqual({ container: 'web', readOnly: false });
  expect(parseVolumesFrom('web:ro,z')).toEqual({ container: 'web', readOnly: true });
  for (const mode of ['nocopy', 'shared', 'ro,rw', 'b:c'])
    expect(() => parseVolumesFrom(`web:${mode}`)).toThrow(`invalid mode: ${mode}`);
});

const refused: [string, string][] = [
  [':/x', "invalid volume specification: ':/x'"],
  ['a:b:ro:c', "invalid volume specification: 'a:b:ro:c'"],
  ['/a:ro', "invalid volume specification: '/a:ro'"],
  ['/a:/b:purple', 'invalid mode: purple'],
  ['/a:/b:ro,rw', 'invalid mode: ro,rw'],
  ['/a:/b:U', 'invalid mode: U'],
  ['/a:/b:uid=x', 'invalid value for uid: x'],
  ['/a:/b:gid=1,gid=2', 'option gid is given twice'],
  ['/a:/b:mode=17777', 'Mode must be 0 to 07777'],
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
