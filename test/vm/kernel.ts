/** Debian's cloud kernel, and an initial RAM disk with just what mounts the real disk. */
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { command, succeed } from '../rig/command.ts';

export const cache = '/var/cache/gantry-test';

export interface Kernel {
  release: string;
  /** vmlinuz */
  image: string;
  /** lib/modules/<release> */
  modules: string;
}

/** Downloads the package that linux-image-cloud-amd64 stands for, once, and unpacks it without installing. */
export async function fetchKernel(): Promise<Kernel> {
  const directory = join(cache, 'kernel');
  if (!existsSync(join(directory, 'boot'))) {
    mkdirSync(directory, { recursive: true });
    const find = async () =>
      /Depends: (linux-image-\S+)/.exec(
        (await command(['apt-cache', 'depends', 'linux-image-cloud-amd64'])).stdout,
      )?.[1];
    let name = await find();
    if (!name) {
      await succeed(['apt-get', '-qq', 'update'], { timeout: 300_000 });
      name = await find();
    }
    if (!name)
      throw new Error('apt knows no linux-image-cloud-amd64: this needs the package lists of Debian');
    console.log(`vm: downloading ${name}`);
    await succeed(
      [
        'sh',
        '-c',
        `cd ${directory} && apt-get -qq download ${name} && dpkg -x ${name}_*.deb . && rm ${name}_*.deb`,
      ],
      { timeout: 300_000 },
    );
  }
  const image = readdirSync(join(directory, 'boot')).find((file) => file.startsWith('vmlinuz-'));
  if (!image) throw new Error(`no kernel in ${directory}`);
  const release = image.slice('vmlinuz-'.length);
  const modules = join(directory, 'lib/modules', release);
  if (!existsSync(join(modules, 'modules.dep'))) await succeed(['depmod', '-b', directory, release]);
  return { release, image: join(directory, 'boot', image), modules };
}

/** Paths of a module and everything it needs, in load order. */
function closure(kernel: Kernel, names: string[]): string[] {
  const lines = readFileSync(join(kernel.modules, 'modules.dep'), 'utf8').split('\n');
  const needs = new Map(
    lines
      .map((line) => line.split(':'))
      .map(([path = '', rest = '']) => [path, rest.trim().split(' ').filter(Boolean)]),
  );
  const ordered: string[] = [];
  for (const name of names) {
    const path = [...needs.keys()].find((key) => basename(key) === `${name}.ko`);
    if (!path) continue;
    for (const one of [...(needs.get(path) ?? []).toReversed(), path])
      if (!ordered.includes(one)) ordered.push(one);
  }
  return ordered;
}

export async function makeInitrd(kernel: Kernel, path: string): Promise<string> {
  const modules = closure(kernel, ['virtio_pci', 'virtio_blk']);
  const load = modules.map((module) => `insmod /${basename(module)}`).join('\n');
  const init = `#!/bin/busybox sh
/bin/busybox mkdir -p /proc /dev /root
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t devtmpfs dev /dev
export PATH=/bin
/bin/busybox --install -s /bin 2>/dev/null
${load}
while [ ! -b /dev/vda ]; do sleep 0.1; done
mount -t ext4 /dev/vda /root
mount --move /dev /root/dev
mount --move /proc /root/proc
exec switch_root /root /vm-init
`;
  const root = `${path}.d`;
  mkdirSync(join(root, 'bin'), { recursive: true });
  await Bun.write(join(root, 'init'), init);
  await succeed(['cp', '/bin/busybox', join(root, 'bin/busybox')]);
  await succeed(['cp', ...modules.map((module) => join(kernel.modules, module)), root]);
  await succeed([
    'sh',
    '-c',
    `chmod 755 ${root}/init && cd ${root} && find . | cpio -o -H newc --quiet > ${path}`,
  ]);
  return path;
}
