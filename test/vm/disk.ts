/** The disk of the virtual machine: Debian with the tests' tools, the kernel's modules, this checkout. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { succeed } from '../rig/command.ts';
import { dockerBinary } from '../rig/engine.ts';
import { busyboxTar, debianTar, makeBusybox, makeDebian } from '../rig/images.ts';
import { cache, type Kernel } from './kernel.ts';

const checkout = join(import.meta.dir, '../..');
const packages =
  'iproute2,nftables,curl,procps,kmod,busybox-static,skopeo,zstd,xz-utils,attr,bsdutils,iptables,fuse-overlayfs,btrfs-progs';
/** Made again when the packages change. */
const base = join(cache, `vm-base-${Bun.hash(packages).toString(16)}.tar`);
const needed = [
  'overlay',
  'fuse',
  'btrfs',
  'loop',
  'veth',
  'bridge',
  'nf_tables',
  'nft_masq',
  'nft_nat',
  'nft_fib_ipv4',
  'nft_chain_nat',
  'virtio_net',
  'br_netfilter',
];

async function makeBase(): Promise<void> {
  if (existsSync(base)) return;
  console.log('vm: making the Debian root file system (once)');
  const argv = ['mmdebstrap', '--variant=minbase', `--include=${packages}`, 'bookworm', `${base}.new.tar`];
  await succeed(argv, { timeout: 600_000 });
  await succeed(['mv', `${base}.new.tar`, base]);
}

function init(files: string[]): string {
  return `#!/bin/sh
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 GANTRY_TEST_SLOWNESS=4
mount -t sysfs sysfs /sys
# As systemd has it: the options, and nobody in the group at the top.
mount -t cgroup2 -o nsdelegate,memory_recursiveprot cgroup2 /sys/fs/cgroup
mkdir /sys/fs/cgroup/session.scope
echo $$ > /sys/fs/cgroup/session.scope/cgroup.procs
mkdir -p /dev/pts /dev/shm
mount -t devpts devpts /dev/pts
mount -t tmpfs tmpfs /dev/shm
mount -t tmpfs tmpfs /run
mkdir -p /run/netns
for m in ${needed.join(' ')}; do modprobe $m 2>/dev/null; done
ip link set lo up
ip link set eth0 up
ip addr add 10.0.2.15/24 dev eth0
ip route add default via 10.0.2.2
echo nameserver 10.0.2.3 > /etc/resolv.conf
cd /gantry
# More time than a real machine needs: every instruction is emulated.
node_modules/bun/bin/bun.exe test --timeout 600000 ${files.join(' ')} 2>&1
echo "VM-EXIT:$?"
sync
echo o > /proc/sysrq-trigger
while :; do :; done
`;
}

/** An ext4 image of its own for every run: the tests may write what they like. */
export async function makeDisk(kernel: Kernel, path: string, files: string[]): Promise<string> {
  await makeBase();
  await makeBusybox();
  const tars = [busyboxTar];
  if (files.some((file) => /debian|run\/?$/.test(file))) {
    await makeDebian();
    tars.push(debianTar);
  }
  const root = `${path}.d`;
  const steps = [
    `mkdir -p ${root}`,
    `tar -xf ${base} -C ${root}`,
    `mkdir -p ${root}/gantry ${root}${cache} ${root}/usr/lib/modules`,
    `cp -a ${kernel.modules} ${root}/usr/lib/modules/`,
    `cp ${tars.join(' ')} ${root}${cache}/`,
    `cp ${dockerBinary} ${root}/usr/local/bin/docker`,
    `tar -C ${checkout} --exclude=./.git --exclude=bunx.exe --exclude=@oven -cf - . | tar -C ${root}/gantry -xf -`,
  ];
  await succeed(['sh', '-ec', steps.join('\n')], { timeout: 300_000 });
  await Bun.write(join(root, 'vm-init'), init(files));
  await succeed(['chmod', '755', join(root, 'vm-init')]);
  await succeed(['mke2fs', '-q', '-t', 'ext4', '-d', root, path, '4G'], { timeout: 300_000 });
  await succeed(['rm', '-rf', root]);
  return path;
}
