import { expect } from 'bun:test';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { command } from '../rig/command.ts';
import { suite } from '../rig/suite.ts';

const { each } = suite();

const v2 = existsSync('/sys/fs/cgroup/cgroup.controllers');
/** Reads a limit of the container's own cgroup, whichever version the host has. */
const limit = (one: string, two: string) => ['busybox', 'cat', `/sys/fs/cgroup/${v2 ? two : one}`];

each('rates', async (cli, engine) => {
  const disk = readdirSync('/sys/block').find((name) => existsSync(`/dev/${name}`));
  if (disk === undefined) throw new Error('this machine has no disk');
  const numbers = readFileSync(`/sys/block/${disk}/dev`, 'utf8').trim();
  const rates = ['--device-write-bps', `/dev/${disk}:1mb`, '--device-read-iops', `/dev/${disk}:50`];
  const show = (one: string) =>
    engine.ok(cli, 'run', '--rm', ...rates, ...limit(`blkio/blkio.throttle.${one}`, 'io.max'));
  const all = `${numbers} rbps=max wbps=1048576 riops=50 wiops=max`;
  expect(await show('write_bps_device')).toBe(v2 ? all : `${numbers} 1048576`);
  expect(await show('read_iops_device')).toBe(v2 ? all : `${numbers} 50`);
});

each('weight: set, or said to be impossible', async (cli, engine) => {
  const show =
    'cat /sys/fs/cgroup/io.weight /sys/fs/cgroup/io.bfq.weight /sys/fs/cgroup/blkio/blkio.weight /sys/fs/cgroup/blkio/blkio.bfq.weight 2>/dev/null';
  const result = await engine.run(cli, [
    'run',
    '--rm',
    '--blkio-weight',
    '500',
    'busybox',
    'sh',
    '-c',
    `${show}; true`,
  ]);
  expect(result.code).toBe(0);
  if (result.stderr.includes('does not support Block I/O weight')) return;
  expect(result.stdout).toMatch(/^(default 4950|default 500|500)$/m);
});

each('a limit that is felt', async (cli, engine) => {
  const path = (await command(['findmnt', '-no', 'SOURCE', '-T', engine.directory])).stdout.trim();
  if (!existsSync(`/sys/block/${path.slice('/dev/'.length)}`)) return;
  const script =
    'up() { cut -d " " -f 1 /proc/uptime; }; up; dd if=/dev/zero of=/big bs=256k count=16 oflag=direct 2>&1; up';
  const rate = ['--device-write-bps', `${path}:1mb`];
  const lines = (await engine.ok(cli, 'run', '--rm', ...rate, 'busybox', 'sh', '-c', script)).split('\n');
  // 4 MB, of which the first slice of time is free.
  expect(Number(lines.at(-1)) - Number(lines[0])).toBeGreaterThan(2.5);
});
