import { expect, test } from 'bun:test';
import { testContainer, testFacts } from './container.test-data.ts';
import type { Container, MountPoint } from './model.ts';
import { noOwnership } from './mount-owners.ts';
import { userMounts } from './spec-binds.ts';

const point = (changes: Partial<MountPoint> = {}): MountPoint => ({
  type: 'bind',
  name: '',
  source: '/host',
  destination: '/m',
  driver: '',
  mode: '',
  readWrite: true,
  propagation: 'rprivate',
  ...changes,
});

function mountOf(mount: MountPoint, changes: Partial<Container> = {}, facts = {}) {
  const container = { ...testContainer(['sh']), ...changes, mounts: [mount] };
  return userMounts(container, testFacts(facts))[0];
}

test('read-only as clients of their time expect it', () => {
  const readOnly = { readWrite: false };
  expect(mountOf(point(readOnly))?.options).toEqual(['rbind', 'rprivate', 'rro']);
  expect(mountOf(point({ ...readOnly, readOnlyNonRecursive: true }))?.options).toEqual([
    'rbind',
    'rprivate',
    'ro',
  ]);
  expect(mountOf(point(readOnly), {}, { recursiveReadOnly: false })?.options?.at(-1)).toBe('ro');
});

test('id-mapped mounts', () => {
  const owners = (idMap: NonNullable<MountPoint['owners']>['idMap']) =>
    point({ owners: { fresh: noOwnership, idMap } });
  const { config } = testContainer(['sh']);
  expect(mountOf(owners('owner'), { config: { ...config, user: 'web' } })).toMatchObject({ owner: 'web' });
  expect(mountOf(owners('owner'), { config: { ...config, user: '' } })).toMatchObject({ owner: '0' });
  const ranges = [{ from: 1, to: 2, count: 3 }];
  const mappings = [{ containerID: 1, hostID: 2, size: 3 }];
  expect(mountOf(owners({ uids: ranges, gids: ranges }))).toMatchObject({
    uidMappings: mappings,
    gidMappings: mappings,
  });
  expect(() => mountOf(owners('owner'), {}, { idMappedMounts: false })).toThrow('has no id-mapped mounts');
});

test('where a tmpfs and another mount meet, the tmpfs it is', () => {
  const { hostConfig } = testContainer(['sh']);
  expect(mountOf(point(), { hostConfig: { ...hostConfig, tmpfs: { '/m/': 'size=1m' } } })).toMatchObject({
    type: 'tmpfs',
    options: ['noexec', 'nosuid', 'nodev', 'size=1m'],
  });
});
