import { expect, test } from 'bun:test';
import { emptyRequest } from './empty-request.ts';
import type { ContainerConfig, HostConfig } from './model.ts';
import { validateCreate } from './validate.ts';
import { parseCpuList } from './validate-resources.ts';

function refusal(host: Partial<HostConfig>, config: Partial<ContainerConfig> = {}, name = ''): string {
  const request = emptyRequest();
  try {
    validateCreate({
      ...request,
      name,
      config: { ...request.config, ...config },
      hostConfig: { ...request.hostConfig, ...host },
    });
    return '';
  } catch (error) {
    return error instanceof Error ? error.message : '';
  }
}

test('an empty request is fine', () => expect(refusal({})).toBe(''));

const cases: [Partial<HostConfig>, Partial<ContainerConfig>, string][] = [
  [{ memory: 1024 }, {}, 'Minimum memory limit allowed is 6MB'],
  [{ memorySwap: 9e9 }, {}, 'You should always set the Memory limit when using Memoryswap limit, see usage'],
  [{ nanoCpus: 1e15 }, {}, 'as there are only'],
  [{ nanoCpus: 1e9, cpuQuota: 5000 }, {}, 'Nano CPUs and CPU Quota cannot both be set'],
  [{ cpusetCpus: '4-x' }, {}, 'Invalid value 4-x for cpuset cpus'],
  [{ cpusetCpus: '4000' }, {}, 'Requested CPUs are not available'],
  [{ blkioWeight: 5 }, {}, 'Range of blkio weight is from 10 to 1000'],
  [{ networkMode: 'container:x' }, { hostname: 'h' }, 'conflicting options: hostname and the network mode'],
  [{ networkMode: 'container:' }, {}, 'invalid container format container:<name|id>'],
  [{ networkMode: 'host', links: ['a'] }, {}, "host type networking can't be used with links"],
  [{ utsMode: 'host' }, { hostname: 'h' }, 'conflicting options: hostname and the UTS mode'],
  [{ pidMode: 'x' }, {}, 'invalid PID mode: x'],
  [
    { autoRemove: true, restartPolicy: { name: 'always', maximumRetryCount: 0 } },
    {},
    "can't create 'AutoRemove'",
  ],
  [{ restartPolicy: { name: 'always', maximumRetryCount: 3 } }, {}, "can only be used with 'on-failure'"],
  [{ extraHosts: ['a:b'] }, {}, 'invalid IP address in add-host: "b"'],
  [{ dns: ['x'] }, {}, 'bad nameserver address x'],
  [{ oomScoreAdj: 1001 }, {}, 'Invalid value 1001, range for oom score adj'],
  [{}, { workingDir: 'x' }, "the working directory 'x' is invalid, it needs to be an absolute path"],
  [{}, { stopSignal: 'NOPE' }, 'invalid signal: NOPE'],
  [{}, { env: ['=x'] }, 'invalid environment variable: =x'],
];
for (const [host, config, text] of cases) test(text, () => expect(refusal(host, config)).toContain(text));

test('names', () => {
  expect(refusal({}, {}, '_x')).toBe(
    'Invalid container name (_x), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed',
  );
  expect(refusal({}, {}, 'a/../b')).toContain('Invalid container name');
});

test('cpu lists', () => {
  expect(parseCpuList('0-2,7')).toEqual([0, 1, 2, 7]);
  expect(parseCpuList('3-1')).toBeNull();
  expect(parseCpuList('')).toBeNull();
});
