#!/usr/bin/env node
// Brings a fresh machine to where gantry runs: npm packages, the C programs, host tools. Plain Node without packages, because
// it runs before there are any. `--run NAME` goes on with one of the jobs below. Every step is skipped when already done.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
process.chdir(root);
const bun = 'node_modules/bun/bin/bun.exe';

const rest = process.argv
  .slice(2)
  .filter((argument, i, all) => argument !== '--run' && all[i - 1] !== '--run');
const suiteTools = [
  'cc',
  'ssh-agent',
  'zlib.h',
  'nft',
  'ip',
  'curl',
  'busybox',
  'mmdebstrap',
  'skopeo',
  'podman',
  'python3',
  'docker',
  'ps',
  'xz',
  'zstd',
  'setfattr',
  'docker-registry',
  'openssl',
  'fuse-overlayfs',
  'mkfs.btrfs',
  'mkfs.xfs',
  'mke2fs',
  'bzip2',
  'dig',
  'dnsmasq',
  'docker-compose',
];
const benchTools = [
  'cc',
  'zlib.h',
  'nft',
  'ip',
  'busybox',
  'ps',
  'docker',
  'curl',
  'skopeo',
  'docker-registry',
  'mmdebstrap',
  'iperf3',
];

const jobs = {
  demo: { tools: ['cc', 'zlib.h', 'nft'], argv: [bun, 'scripts/demo.ts'] },
  test: { tools: suiteTools, argv: [bun, 'scripts/test.ts', ...rest] },
  vm: {
    tools: [...suiteTools, 'qemu-system-x86_64', 'cpio', 'depmod'],
    argv: [bun, 'test/vm/run.ts', ...rest],
  },
  chaos: {
    tools: suiteTools,
    argv: [bun, 'test', '--timeout', '120000', './test/networks/chaos.test.ts', ...rest],
  },
  bench: { tools: benchTools, argv: [bun, 'bench/run.ts', ...rest] },
};

/** Program -> [Debian package, what for]. */
const packages = {
  cc: ['gcc libc6-dev', 'compiles gantry-init, the small C program between clone and execve'],
  'zlib.h': ['zlib1g-dev', 'it unpacks compressed layers'],
  nft: ['nftables', 'publishes ports and gives containers a way out'],
  ip: ['iproute2', 'the tests make network namespaces of their own'],
  curl: ['curl', 'the tests ask published ports'],
  'docker-compose': ['docker-compose', 'a client of projects with several networks'],
  dig: ['bind9-dnsutils', 'the tests ask for names'],
  dnsmasq: ['dnsmasq-base', "the tests' world of names"],
  iperf3: ['iperf3', 'measures what networks let through'],
  busybox: ['busybox-static', 'the image that the tests run'],
  mmdebstrap: ['mmdebstrap', 'makes the Debian image that the tests run'],
  skopeo: ['skopeo', 'the tests read our archives with it'],
  podman: ['podman', 'the tests compare what becomes of an image with it'],
  python3: ['python3', 'the tests list trees with it, names and attributes as bytes'],
  docker: ['docker.io', 'the tests drive gantry with the real docker command'],
  ps: ['procps', 'the tests compare `top` with it'],
  xz: ['xz-utils', 'archives compressed by others'],
  zstd: ['zstd', 'the same'],
  setfattr: ['attr', 'the tests give files extended attributes'],
  'docker-registry': ['docker-registry', 'the registry that the tests push to and pull from'],
  openssl: ['openssl', 'makes certificates for it'],
  'ssh-agent': ['openssh-client', 'lends keys to builds'],
  'fuse-overlayfs': ['fuse-overlayfs', 'a storage driver that the tests run containers on'],
  'mkfs.btrfs': ['btrfs-progs', 'makes a file system for the storage driver of that name'],
  'mkfs.xfs': ['xfsprogs', 'makes a file system for a volume'],
  'qemu-system-x86_64': ['qemu-system-x86', 'boots the machine with cgroup v2'],
  cpio: ['cpio', 'makes its initial RAM disk'],
  depmod: ['kmod', 'knows which kernel modules need which'],
  mke2fs: ['e2fsprogs', 'makes a small file system to fill, and the disk of the virtual machine'],
  bzip2: ['bzip2', 'archives compressed by others'],
};

function fail(message) {
  console.error(`\n${message}`);
  process.exit(1);
}

function run(command, args, options = {}) {
  const result = spawnSync(command, args, { stdio: 'inherit', ...options });
  if (result.error) fail(`${command} could not be started: ${result.error.message}`);
  return result.status ?? 1;
}

/** Programs, and the header of the one library. */
const onPath = (name) =>
  `${process.env.PATH ?? ''}:/usr/sbin:/sbin:/usr/include`
    .split(':')
    .some((directory) => existsSync(join(directory, name)));

function hostFacts() {
  if (process.platform !== 'linux') fail('gantry runs on Linux only.');
  if (process.getuid() !== 0)
    fail('gantry needs root to make containers. Run the same command as root (sudo -E npm start).');
  if (
    !/\boverlay\b/.test(readFileSync('/proc/filesystems', 'utf8')) &&
    spawnSync('modprobe', ['overlay']).status !== 0
  )
    console.error(
      'warning: this kernel has no overlayfs: gantry falls back to the slower vfs storage driver',
    );
}

function npmPackages() {
  const stamp = 'node_modules/.gantry-lock';
  const lock = readFileSync('package-lock.json', 'utf8');
  const current = existsSync(stamp) && readFileSync(stamp, 'utf8') === lock;
  if (!current) {
    console.log('setup: installing npm packages (package-lock.json)');
    if (run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error']) !== 0)
      fail('npm ci failed: is the npm registry reachable?');
  }
  // Where npm does not run install scripts Bun's own places the executable.
  if (spawnSync(bun, ['--version']).status !== 0) run('node', ['node_modules/bun/install.js']);
  if (spawnSync(bun, ['--version']).status !== 0) fail(`${bun} does not run on this machine.`);
  if (!current) writeFileSync(stamp, lock);
}

function hostTools(names) {
  const missing = names.filter((name) => !onPath(name));
  if (missing.length === 0) return;
  for (const name of missing)
    console.log(`setup: ${name} is missing (${packages[name][0]}): ${packages[name][1]}`);
  const list = missing.flatMap((name) => packages[name][0].split(' '));
  if (!onPath('apt-get')) fail(`Please install with your package manager: ${list.join(' ')}`);
  console.log(`setup: apt-get install ${list.join(' ')}`);
  const quiet = {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  };
  run('apt-get', ['-qq', 'update'], quiet);
  // Some packages (docker.io) would start a daemon of their own; we want only the programs.
  withoutServices(() => {
    if (run('apt-get', ['-qq', 'install', '-y', '--no-install-recommends', ...list], quiet) !== 0)
      fail(`apt-get could not install ${list.join(' ')}`);
  });
  const still = missing.filter((name) => !onPath(name));
  if (still.length > 0) fail(`Still missing after installation: ${still.join(', ')}`);
}

function withoutServices(install) {
  const policy = '/usr/sbin/policy-rc.d';
  if (existsSync(policy)) return install();
  writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    install();
  } finally {
    spawnSync('rm', ['-f', policy]);
  }
}

function nativePrograms() {
  if (run('node', ['scripts/build-native.mjs']) !== 0) fail('The C programs in native/ did not compile.');
}

const wanted = process.argv[process.argv.indexOf('--run') + 1];
const job = process.argv.includes('--run') ? jobs[wanted] : { tools: ['cc', 'zlib.h', 'nft'], argv: null };
if (!job) fail(`No such job: ${wanted}`);
hostFacts();
hostTools(job.tools);
npmPackages();
nativePrograms();
if (job.argv) process.exit(run(job.argv[0], job.argv.slice(1)));
console.log('setup: done. Try: npm start');
