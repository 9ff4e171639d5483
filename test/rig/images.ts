/** The real images that the cases run on, made from Debian's packages. */
import { existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { command, succeed } from './command.ts';
import type { TestEngine } from './engine.ts';

/** A root file system with Debian's static busybox and its applets, as a tar. */
export const busyboxTar = '/var/cache/gantry-test/busybox.tar';
/** Debian's minbase, by mmdebstrap. */
export const debianTar = '/var/cache/gantry-test/debian-minbase.tar';
/** The same with nginx, Python and PostgreSQL. */
const debianStackTar = '/var/cache/gantry-test/debian-stack.tar';
const debianBenchTar = '/var/cache/gantry-test/debian-bench.tar';

export async function makeBusybox(): Promise<void> {
  if (existsSync(busyboxTar)) return;
  mkdirSync(dirname(busyboxTar), { recursive: true });
  // Applets are symbolic links but busybox itself, whose own name is among them.
  const script = `set -e; d=$(mktemp -d); trap 'rm -rf $d' EXIT; cd $d
    mkdir -p bin etc root tmp var/spool usr/bin; chmod 1777 tmp; chmod 700 root
    cp /bin/busybox bin/busybox
    for a in $(/bin/busybox --list); do [ $a = busybox ] || ln -s busybox bin/$a; done
    printf 'root:x:0:0:root:/root:/bin/sh\\ndaemon:x:1:1:daemon:/usr/sbin:/bin/false\\nwww-data:x:33:33:www-data:/var/www:/bin/false\\nnobody:x:65534:65534:nobody:/home:/bin/false\\n' > etc/passwd
    printf 'root:x:0:\\ndaemon:x:1:\\nadm:x:4:daemon\\nwww-data:x:33:\\nnogroup:x:65534:\\n' > etc/group
    tar --numeric-owner --owner=0 --group=0 -cf ${busyboxTar}.new .
    mv ${busyboxTar}.new ${busyboxTar}`;
  await succeed(['sh', '-c', script]);
}

async function bootstrap(tar: string, ...options: string[]): Promise<void> {
  if (existsSync(tar)) return;
  mkdirSync(dirname(tar), { recursive: true });
  await succeed(['mmdebstrap', '--variant=minbase', ...options, 'bookworm', `${tar}.new.tar`], {
    timeout: 900_000,
  });
  await succeed(['mv', `${tar}.new.tar`, tar]);
}

export const makeDebian = (): Promise<void> => bootstrap(debianTar);

const withoutDocuments = ['doc', 'man', 'locale'].map(
  (name) => `--dpkgopt=path-exclude=/usr/share/${name}/*`,
);

export const makeDebianStack = (): Promise<void> =>
  bootstrap(debianStackTar, '--include=nginx-light,python3-psycopg2,postgresql', ...withoutDocuments);

async function importTar(engine: TestEngine, tar: string, args: string[]): Promise<void> {
  const known = await command(engine.argv('docker', ['image', 'inspect', args.at(-1) ?? '']));
  if (known.code !== 0)
    await succeed(engine.argv('docker', ['import', ...args.slice(0, -1), tar, ...args.slice(-1)]));
}

export async function busybox(engine: TestEngine): Promise<void> {
  await makeBusybox();
  await importTar(engine, busyboxTar, ['--change', 'CMD ["sh"]', 'busybox:latest']);
}

export async function debian(engine: TestEngine): Promise<void> {
  await makeDebian();
  await importTar(engine, debianTar, ['--change', 'CMD ["bash"]', 'debian:bookworm']);
}

export async function debianStack(engine: TestEngine): Promise<void> {
  await makeDebianStack();
  await importTar(engine, debianStackTar, ['debian:stack']);
}

/** The same with iperf3, for whatever a command line belongs to. */
export async function debianBench({ argv }: { argv(...args: string[]): string[] }): Promise<void> {
  await bootstrap(debianBenchTar, '--include=iperf3', ...withoutDocuments);
  await succeed(argv('import', debianBenchTar, 'debian:bench'), { timeout: 300_000 });
}
