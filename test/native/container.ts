import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeOperations, Writer } from '../../src/linux/encode.ts';
import { CLONE, MS } from '../../src/linux/flags.ts';
import { nativePath } from '../../src/linux/native.ts';
import type { Operation } from '../../src/linux/operations.ts';

const applets =
  'sh cat ls echo id true false sleep pwd stat mkdir touch readlink mount tty stty ip ps kill env mknod ln ping grep'.split(
    ' ',
  );

/** A root file system with busybox, on disk until disposed. `lower` is the image, `path` where the overlay gets mounted. */
export class Rootfs implements Disposable {
  readonly directory = mkdtempSync('/tmp/gantry-native-');
  readonly lower = join(this.directory, 'lower');
  readonly path = join(this.directory, 'merged');

  constructor() {
    for (const name of [
      'lower/bin',
      'lower/etc',
      'lower/proc',
      'lower/sys',
      'lower/dev',
      'lower/tmp',
      'upper',
      'work',
      'merged',
    ])
      mkdirSync(join(this.directory, name), { recursive: true });
    copyFileSync('/bin/busybox', join(this.lower, 'bin/busybox'));
    for (const applet of applets) symlinkSync('busybox', join(this.lower, 'bin', applet));
    this.file('etc/passwd', 'root:x:0:0:root:/root:/bin/sh\nweb:x:1000:100:Web:/home/web:/bin/sh\n');
    this.file(
      'etc/group',
      'root:x:0:\nusers:x:100:\nwheel:x:10:root,web\nlog:x:20:other,web\nlogs:x:21:webx\n',
    );
  }
  file(name: string, content: string): void {
    writeFileSync(join(this.lower, name), content);
  }
  /** What a container wrote. */
  upper(name: string): string {
    return join(this.directory, 'upper', name);
  }
  [Symbol.dispose](): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}

export interface Parts {
  flags?: number;
  /** After the root is open and its file systems are there, before pivot. */
  mounts?: Operation[];
  /** After pivot, before the user is looked up. */
  inside?: Operation[];
  /** On the host, between clone and signal-child. */
  host?: Operation[];
  user?: string;
  groups?: string[];
  env?: string[];
  /** Undefined: Docker's 14. */
  capabilities?: string;
  /** After the credentials. */
  last?: Operation[];
}

export const namespaces =
  CLONE.NEWNS | CLONE.NEWUTS | CLONE.NEWIPC | CLONE.NEWPID | CLONE.NEWNET | CLONE.NEWCGROUP;
export const dockerCapabilities = String(0xa80425fbn);

const inside = { side: 'inside', optional: false } as const;
const host = { side: 'host', optional: false } as const;

/** Fills the empty host directory `path` with what the root has at `target`, and leaves owner and mode as they come. */
export function populate(target: string, path: string): Operation {
  const unchanged = 2 ** 32 - 1;
  const owners = { uid: unchanged, gid: unchanged, mode: unchanged };
  return { ...host, op: 'populate', target, path, subpath: '', copy: true, ...owners };
}

export function overlay(rootfs: Rootfs): Operation {
  return {
    ...inside,
    op: 'mount-root',
    source: 'overlay',
    path: rootfs.path,
    fstype: 'overlay',
    flags: 0,
    data: 'lowerdir=lower,upperdir=upper,workdir=work',
    cwd: rootfs.directory,
  };
}

function mount(target: string, fstype: string, flags: number, data = ''): Operation {
  return { ...inside, op: 'mount', source: fstype, target, fstype, flags, data, copyUp: false };
}

function device(name: string, major: number, minor: number): Operation {
  return {
    ...inside,
    op: 'mknod',
    target: `/dev/${name}`,
    type: 'c',
    major,
    minor,
    mode: 0o666,
    uid: 0,
    gid: 0,
  };
}

const noExec = MS.NOSUID | MS.NODEV | MS.NOEXEC;
const fileSystems: Operation[] = [
  mount('/proc', 'proc', noExec),
  mount('/dev', 'tmpfs', MS.NOSUID | MS.STRICTATIME, 'mode=755,size=65536k'),
  mount('/dev/pts', 'devpts', MS.NOSUID | MS.NOEXEC, 'newinstance,ptmxmode=0666,mode=0620,gid=5'),
  mount('/sys', 'sysfs', noExec | MS.RDONLY),
  mount('/dev/mqueue', 'mqueue', noExec),
  mount('/dev/shm', 'tmpfs', noExec, 'mode=1777,size=65536k'),
  device('null', 1, 3),
  device('zero', 1, 5),
  device('full', 1, 7),
  device('random', 1, 8),
  device('urandom', 1, 9),
  device('tty', 5, 0),
  { ...inside, op: 'symlink', target: '/dev/ptmx', to: 'pts/ptmx' },
  { ...inside, op: 'symlink', target: '/dev/fd', to: '/proc/self/fd' },
  { ...inside, op: 'symlink', target: '/dev/stdin', to: '/proc/self/fd/0' },
  { ...inside, op: 'symlink', target: '/dev/stdout', to: '/proc/self/fd/1' },
  { ...inside, op: 'symlink', target: '/dev/stderr', to: '/proc/self/fd/2' },
];

export const masked = [
  '/proc/asound',
  '/proc/acpi',
  '/proc/interrupts',
  '/proc/kcore',
  '/proc/keys',
  '/proc/latency_stats',
  '/proc/timer_list',
  '/proc/timer_stats',
  '/proc/sched_debug',
  '/proc/scsi',
  '/sys/firmware',
  '/sys/devices/virtual/powercap',
];
export const readonlyPaths = ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'];

/** The operations of a whole container, as a small runtime would plan it. */
export function container(rootfs: Rootfs, argv: string[], parts: Parts = {}): Operation[] {
  const capabilities = parts.capabilities ?? dockerCapabilities;
  return [
    { ...host, op: 'clone', flags: parts.flags ?? namespaces, cgroup: '' },
    ...(parts.host ?? []),
    { ...host, op: 'signal-child' },
    { ...inside, op: 'await-host' },
    { ...inside, op: 'propagation', path: '/', flags: MS.REC | MS.PRIVATE },
    overlay(rootfs),
    { ...inside, op: 'root', path: rootfs.path },
    ...fileSystems,
    ...(parts.mounts ?? []),
    ...masked.map((target): Operation => ({ ...inside, op: 'mask', target })),
    ...readonlyPaths.map((target): Operation => ({ ...inside, op: 'readonly', target })),
    { ...inside, op: 'pivot' },
    ...(parts.inside ?? []),
    { ...inside, op: 'env', values: parts.env ?? ['PATH=/usr/bin:/bin'] },
    { ...inside, op: 'user', spec: parts.user ?? '', groups: parts.groups ?? [] },
    {
      ...inside,
      op: 'credentials',
      bounding: capabilities,
      effective: capabilities,
      permitted: capabilities,
      inheritable: '0',
      ambient: '0',
    },
    { ...inside, op: 'chdir', target: '/', create: false },
    ...(parts.last ?? []),
    { ...inside, op: 'exec', argv },
  ];
}

export interface Outcome {
  code: number;
  stdout: string;
  stderr: string;
}

/** As `gantry-init run` wants it on stdin. */
export const framed = (list: readonly Operation[]) => new Writer().bytes(encodeOperations(list)).finish();

/** `gantry-init run` on any bytes. */
export async function runBytes(
  list: Uint8Array,
  args: string[] = [],
  program = nativePath(),
): Promise<Outcome> {
  const child = Bun.spawn([program, 'run', ...args], {
    stdin: new Writer().bytes(list).finish(),
    stdout: 'pipe',
    stderr: 'pipe',
  });
  const [stdout, stderr, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  return { code, stdout, stderr };
}

export function run(list: readonly Operation[], args: string[] = []): Promise<Outcome> {
  return runBytes(encodeOperations(list), args);
}

/** What a program in a container printed; a failure of any kind throws. */
export async function output(rootfs: Rootfs, script: string, parts: Parts = {}): Promise<string> {
  const { code, stdout, stderr } = await run(container(rootfs, ['sh', '-c', script], parts));
  if (code !== 0 || stderr) throw new Error(`exit code ${code}: ${stderr}`);
  return stdout.trimEnd();
}

/** The report of a run that must fail. */
export async function failure(list: readonly Operation[], args: string[] = []) {
  const { code, stderr } = await run(list, args);
  if (code !== 1) throw new Error(`exit code ${code}: ${stderr}`);
  const report = JSON.parse(stderr) as { index: number; errno: number; detail: string };
  return { op: list[report.index]?.op, errno: report.errno, detail: report.detail };
}
