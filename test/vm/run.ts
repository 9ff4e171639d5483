/**
 * `npm run test:vm [-- FILE...]`: boots Debian's cloud kernel under qemu without KVM (about 6 s) with cgroup v2 alone, as today's
 * distributions have it, and runs the black-box suite of test/run there. Everything it needs is made from Debian's packages
 * and kept in /var/cache/gantry-test.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeDisk } from './disk.ts';
import { fetchKernel, makeInitrd } from './kernel.ts';

const files = process.argv.slice(2);
const marker = /^VM-EXIT:(\d+)/m;
const patience = 45 * 60_000;

const directory = mkdtempSync(join(tmpdir(), 'gantry-vm-'));
let code = 1;
try {
  const kernel = await fetchKernel();
  const initrd = await makeInitrd(kernel, join(directory, 'initrd'));
  const disk = await makeDisk(
    kernel,
    join(directory, 'disk.img'),
    files.length > 0 ? files : ['./test/run', './test/runtime'],
  );
  console.log(`vm: booting ${kernel.release}`);
  code = await boot(kernel.image, initrd, disk);
} finally {
  rmSync(directory, { recursive: true, force: true });
}
process.exit(code);

async function boot(kernel: string, initrd: string, disk: string): Promise<number> {
  const machine = [
    '-accel',
    'tcg,thread=multi',
    '-cpu',
    'max',
    '-smp',
    '2',
    '-m',
    '4096',
    '-no-reboot',
    '-nographic',
  ];
  const boots = [
    '-kernel',
    kernel,
    '-initrd',
    initrd,
    '-append',
    'console=ttyS0 quiet panic=-1 random.trust_cpu=on',
  ];
  const devices = [
    '-drive',
    `file=${disk},if=virtio,format=raw,cache=unsafe`,
    '-nic',
    'user,model=virtio-net-pci',
  ];
  const vm = Bun.spawn(['qemu-system-x86_64', ...machine, ...boots, ...devices], {
    stdin: 'ignore',
    stdout: 'pipe',
  });
  const timer = setTimeout(() => vm.kill(), patience);
  let tail = '';
  let seen: string | undefined;
  const decoder = new TextDecoder();
  for await (const chunk of vm.stdout) {
    process.stdout.write(chunk);
    tail = (tail + decoder.decode(chunk, { stream: true })).slice(-4096);
    seen = marker.exec(tail)?.[1] ?? seen;
  }
  await vm.exited;
  clearTimeout(timer);
  if (seen === undefined) console.error('vm: the machine stopped without an answer');
  return Number(seen ?? 1);
}
