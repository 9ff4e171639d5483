import { expect, test } from 'bun:test';
import { CLONE, MS } from '../linux/flags.ts';
import { explain } from './explain.ts';

test('numbers, sides, names of flags, headings where the subject changes', () => {
  const text = explain([
    { op: 'mkdir', side: 'host', path: `/sys/fs/cgroup/memory/gantry/${'ab'.repeat(32)}`, mode: 0o755 },
    { op: 'clone', side: 'host', flags: CLONE.NEWNS | CLONE.NEWPID, cgroup: '' },
    { op: 'write-proc', side: 'host', optional: true, name: 'oom_score_adj', data: '0' },
    {
      op: 'mount',
      side: 'inside',
      source: 'proc',
      target: '/proc',
      fstype: 'proc',
      flags: MS.NOSUID | MS.NOEXEC,
      data: '',
      copyUp: false,
    },
    { op: 'seccomp', side: 'inside', filter: new Uint8Array(412 * 8), flags: 0 },
    {
      op: 'credentials',
      side: 'inside',
      bounding: '3',
      effective: '3',
      permitted: '3',
      inheritable: '0',
      ambient: '0',
    },
    { op: 'exec', side: 'inside', argv: ['sh', '-c', 'echo hi'] },
  ]);
  expect(text).toBe(`# Limits: a directory in each cgroup hierarchy
1  host    mkdir /sys/fs/cgroup/memory/gantry/abababababab…

# Namespaces: a process that sees a world of its own
2  host    clone3 CLONE_NEWNS|CLONE_NEWPID

# From outside, while the child builds its world
3? host    write 0 > /proc/<child>/oom_score_adj

# What is mounted in it
4  inside  mount -t proc proc /proc MS_NOSUID|MS_NOEXEC

# The program, and who it is
5  inside  seccomp SECCOMP_SET_MODE_FILTER, 412 instructions
6  inside  setgroups, setresgid, setresuid; capset bounding 2: chown dac_override
7  inside  execve sh -c "echo hi"
`);
});
