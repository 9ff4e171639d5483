import { expect, test } from 'bun:test';
import { parseMountinfo } from '../linux/mountinfo.ts';
import type { MountPoint } from './model.ts';
import { checkPropagation } from './spec-propagation.ts';

const entries = parseMountinfo(`1 0 8:1 / / rw - ext4 /dev/sda rw
2 1 0:5 / /shared rw shared:7 - tmpfs t rw
3 1 0:6 / /slave rw master:7 - tmpfs t rw
`);
const check = (source: string, propagation: string, mode = propagation) => {
  const point: MountPoint = {
    type: 'bind',
    name: '',
    source,
    destination: '/x',
    driver: '',
    mode,
    readWrite: true,
    propagation,
  };
  checkPropagation(
    [point],
    () => entries,
    (path) => path,
  );
};

test('a source that does not propagate is refused in Docker’s words', () => {
  expect(() => check('/data', 'rshared')).toThrow('path /data is mounted on / but it is not a shared mount');
  expect(() => check('/data', 'slave')).toThrow(
    'path /data is mounted on / but it is not a shared or slave mount',
  );
  expect(() => check('/slave/a', 'shared')).toThrow(
    'path /slave/a is mounted on /slave but it is not a shared mount',
  );
});

test('one that does, or a bind that wants nothing, is not', () => {
  check('/shared/a', 'rshared');
  check('/slave', 'rslave');
  check('/data', 'rprivate');
  check('/data', 'rslave', 'ro');
});
