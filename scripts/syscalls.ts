/**
 * Writes src/linux/syscalls/<architecture>.ts from the kernel's own headers.
 *
 *   bun scripts/syscalls.ts [--arm <include directory of linux-libc-dev-armhf-cross>]
 *
 * x86 comes from /usr/include/x86_64-linux-gnu, aarch64 from /usr/include/asm-generic with what arch/arm64 defines before
 * it includes that. Without --arm the arm table stays as it is.
 */
import { writeFileSync } from 'node:fs';

interface Source {
  name: string;
  header: string;
  includes: string[];
  defines: string[];
}

const x86 = '/usr/include/x86_64-linux-gnu';
const sources: Source[] = [
  { name: 'x86_64', header: 'asm/unistd_64.h', includes: [x86], defines: [] },
  { name: 'x32', header: 'asm/unistd_x32.h', includes: [x86], defines: ['__X32_SYSCALL_BIT=0x40000000'] },
  { name: 'i386', header: 'asm/unistd_32.h', includes: [x86], defines: [] },
  {
    name: 'aarch64',
    header: 'asm-generic/unistd.h',
    includes: [],
    defines: [
      '__BITS_PER_LONG=64',
      '__ARCH_WANT_RENAMEAT',
      '__ARCH_WANT_NEW_STAT',
      '__ARCH_WANT_SET_GET_RLIMIT',
      '__ARCH_WANT_TIME32_SYSCALLS',
      '__ARCH_WANT_SYS_CLONE3',
      '__ARCH_WANT_MEMFD_SECRET',
    ],
  },
];
const arm = process.argv.indexOf('--arm');
if (arm > 0)
  sources.push({
    name: 'arm',
    header: 'asm/unistd.h',
    includes: [process.argv[arm + 1] ?? ''],
    defines: ['__ARM_EABI__'],
  });

/** Newer than Debian's headers. From 424 on every architecture uses the same numbers. */
const newer: Record<string, number> = {
  cachestat: 451,
  fchmodat2: 452,
  map_shadow_stack: 453,
  futex_wake: 454,
  futex_wait: 455,
  futex_requeue: 456,
  statmount: 457,
  listmount: 458,
  lsm_get_self_attr: 459,
  lsm_set_self_attr: 460,
  lsm_list_modules: 461,
  mseal: 462,
  setxattrat: 463,
  getxattrat: 464,
  listxattrat: 465,
  removexattrat: 466,
  open_tree_attr: 467,
  file_getattr: 468,
  file_setattr: 469,
};
const newerX86_64: Record<string, number> = { uretprobe: 335, uprobe: 336 };

function macros({ header, includes, defines }: Source): Map<string, string> {
  const args = [
    '-E',
    '-dM',
    '-undef',
    ...defines.map((name) => `-D${name}`),
    ...includes.map((dir) => `-I${dir}`),
  ];
  const { stdout, stderr, success } = Bun.spawnSync([
    'gcc',
    ...args,
    '-include',
    header,
    '-x',
    'c',
    '/dev/null',
  ]);
  if (!success) throw new Error(stderr.toString());
  const found = new Map<string, string>();
  for (const [, name, value] of stdout.toString().matchAll(/^#define (\S+) (.+)$/gm))
    if (name !== undefined && value !== undefined) found.set(name, value);
  return found;
}

/** A number, a name of one, or a sum of both in parentheses. */
function evaluate(text: string, table: Map<string, string>): number {
  return text
    .replace(/[()]/g, '')
    .split('+')
    .reduce((sum, part) => {
      const name = part.trim();
      const value = table.get(name);
      return sum + (value === undefined ? Number(name) : evaluate(value, table));
    }, 0);
}

function tableOf(source: Source): Map<string, number> {
  const found = macros(source);
  const result = new Map<string, number>();
  for (const [macro, value] of found) {
    const name = /^__(?:ARM_)?NR_([a-z_]\w*)$/.exec(macro)?.[1];
    if (name === undefined || /^(syscalls|arch_specific_syscall)$/.test(name)) continue;
    const number = evaluate(value, found);
    if (!Number.isNaN(number)) result.set(name, number);
  }
  const base = source.name === 'x32' ? 0x40000000 : 0;
  for (const [name, number] of Object.entries(newer)) result.set(name, base + number);
  if (base > 0 || source.name === 'x86_64')
    for (const [name, number] of Object.entries(newerX86_64)) result.set(name, base + number);
  return new Map([...result].sort((a, b) => a[1] - b[1]));
}

for (const source of sources) {
  const lines: string[] = [''];
  for (const [name, number] of tableOf(source)) {
    const entry = `${name} ${number} `;
    const last = lines.length - 1;
    if ((lines[last] ?? '').length + entry.length > 108) lines.push(entry);
    else lines[last] += entry;
  }
  const text = lines.map((line) => line.trimEnd()).join('\n');
  writeFileSync(
    `src/linux/syscalls/${source.name}.ts`,
    `/** System calls of ${source.name}: name and number. Written by scripts/syscalls.ts. */\nexport const ${source.name} = \`\n${text}\n\`;\n`,
  );
}
