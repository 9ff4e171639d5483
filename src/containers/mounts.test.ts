import { expect, test } from 'bun:test';
import { emptyRequest } from './empty-request.ts';
import type { HostConfig, MountRequest } from './model.ts';
import { planMounts } from './mounts.ts';

const plan = (host: Partial<HostConfig>, volumes: string[] = []) => {
  const { config, hostConfig } = emptyRequest();
  return planMounts({
    config: { ...config, volumes },
    host: { ...hostConfig, ...host },
    readOnlyNonRecursive: false,
    dataRoot: '/var/lib/gantry',
    mountsOf: (ref) => [
      {
        type: 'volume',
        name: `of-${ref}`,
        source: '/v',
        destination: '/shared',
        driver: 'local',
        mode: 'z',
        readWrite: true,
        propagation: '',
      },
    ],
  });
};
const mount = (fields: Partial<MountRequest>): MountRequest => ({
  type: 'bind',
  source: '',
  target: '/t',
  readOnly: false,
  consistency: '',
  ...fields,
});

test('an image volume gives way to what the user mounts there', () => {
  expect(plan({ binds: ['/etc:/data:ro'] }, ['/data'])).toMatchObject([
    { type: 'bind', source: '/etc', destination: '/data', readWrite: false, propagation: 'rprivate' },
  ]);
  expect(plan({ tmpfs: { '/data': '' } }, ['/data'])).toEqual([]);
  expect(plan({}, ['/data'])).toMatchObject([{ type: 'volume', name: '', destination: '/data' }]);
});

test('volumes-from comes first and can be made read-only', () => {
  expect(plan({ volumesFrom: ['a:ro'] })).toMatchObject([
    { name: 'of-a', readWrite: false, mode: '', origin: 'volumes-from' },
  ]);
  expect(plan({ volumesFrom: ['a'], binds: ['n:/shared'] })).toMatchObject([{ name: 'n' }]);
});

const refused: [Partial<HostConfig>, string][] = [
  [{ binds: ['/a:/x', '/b:/x/'] }, 'Duplicate mount point: /x'],
  [{ binds: ['/a:/x'], tmpfs: { '/x': '' } }, 'Duplicate mount point: /x'],
  [
    { mounts: [mount({ source: '/no/such' })] },
    'invalid mount config for type "bind": bind source path does not exist: /no/such',
  ],
  [{ mounts: [mount({})] }, 'invalid mount config for type "bind": field Source must not be empty'],
  [{ mounts: [mount({ source: '/etc', target: '' })] }, 'field Target must not be empty'],
  [{ mounts: [mount({ type: 'tmpfs', source: 'x' })] }, 'field Source must not be specified'],
  [
    { mounts: [mount({ type: 'volume', readOnly: true })] },
    'must not set ReadOnly mode when using anonymous volumes',
  ],
  [{ volumesFrom: ['a:purple'] }, 'invalid mode: purple'],
];
for (const [host, text] of refused) test(text, () => expect(() => plan(host)).toThrow(text));
