import { expect, test } from 'bun:test';
import type { Operation } from '../linux/operations.ts';
import { execError, startError, startExitCode } from './failure.ts';

const prefix =
  'failed to create task for container: failed to create shim task: OCI runtime create failed: gantry-init create failed: unable to start container process: ';
const start = (operation: Operation, errno: number, detail = '') =>
  startError([operation], { index: 0, errno, detail });
const exec: Operation = { op: 'exec', side: 'inside', argv: ['nosuch'] };

test('a missing program: 127', () => {
  const error = start(exec, 2, 'exec: "nosuch": executable file not found in $PATH');
  expect(error.message).toBe(
    `${prefix}error during container init: exec: "nosuch": executable file not found in $PATH: unknown`,
  );
  expect(error.kind).toBe('invalid');
  expect(startExitCode(error)).toBe(127);
});

test('a program that may not be run: 126', () => {
  const error = start(exec, 13, 'exec: "/etc/passwd": permission denied');
  expect(error.message).toEndWith('exec: "/etc/passwd": permission denied: unknown');
  expect(startExitCode(error)).toBe(126);
});

test('execve itself refused: gantry-init says it all', () => {
  expect(start(exec, 8, 'exec /bin/x: exec format error').message).toEndWith(
    'container init: exec /bin/x: exec format error: unknown',
  );
});

test('the same for exec, with its own words', () => {
  const failed = { index: 0, errno: 2, detail: 'exec: "nosuch": executable file not found in $PATH' };
  expect(execError([exec], failed).message).toBe(
    'OCI runtime exec failed: exec failed: unable to start container process: exec: "nosuch": executable file not found in $PATH: unknown',
  );
});

test('a mount names both ends, and a file over a directory gets the hint', () => {
  const bind: Operation = {
    op: 'bind',
    side: 'inside',
    source: '/host/file',
    target: '/etc',
    nonRecursive: false,
    setAttr: 0,
    clearAttr: 0,
    recursiveAttr: false,
    propagation: 0,
    subpath: '',
    uidMap: '',
    gidMap: '',
    owner: '',
  };
  expect(start(bind, 20, '/etc').message).toBe(
    `${prefix}error during container init: error mounting "/host/file" to rootfs at "/etc": not a directory: unknown: Are you trying to mount a directory onto a file (or vice-versa)? Check if the specified host path exists and is the expected type`,
  );
});

test('users and working directories', () => {
  const user: Operation = { op: 'user', side: 'inside', spec: 'bob', groups: [] };
  expect(start(user, 22, 'unable to find user bob: no matching entries in passwd file').message).toBe(
    'unable to find user bob: no matching entries in passwd file',
  );
  const chdir: Operation = { op: 'chdir', side: 'inside', target: '/secret', create: true };
  expect(start(chdir, 13).message).toEndWith(
    'chdir to cwd ("/secret") set in config.json failed: permission denied: unknown',
  );
});

test('what failed on the host, and what no operation is to blame for', () => {
  const path = '/sys/fs/cgroup/memory/gantry/x/memory.limit_in_bytes';
  const error = start({ op: 'write', side: 'host', path, data: '1' }, 16);
  expect(error.message).toContain(`failed to write "1": write ${path}: device or resource busy`);
  expect(error.message).not.toContain('during container init');
  expect(error.kind).toBe('internal');
  expect(startExitCode(error)).toBe(128);
  expect(startError([], { index: 2 ** 32 - 1, errno: 71, detail: 'malformed list' }).message).toContain(
    'malformed list',
  );
});
