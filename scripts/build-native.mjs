// Compiles native/ into build/gantry-init and build/gantry-hello. Plain Node without packages: `npm start` runs it first.
//   node scripts/build-native.mjs [--sanitize] [--out DIR] [--quiet]
// Each source becomes an object named by the hash of everything that decides its content, so nothing is compiled twice
// and several builds may run at once. --sanitize builds with AddressSanitizer and UBSan (for the fuzz tests).
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const checkout = dirname(dirname(fileURLToPath(import.meta.url)));
const native = join(checkout, 'native');

const common =
  '-std=c11 -D_GNU_SOURCE= -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -fno-strict-aliasing'.split(
    ' ',
  );
const release = ['-O2', '-static', '-s', '-ffunction-sections', '-fdata-sections', '-Wl,--gc-sections'];
const sanitize = [
  '-O1',
  '-g',
  '-fno-omit-frame-pointer',
  '-fsanitize=address,undefined',
  '-fno-sanitize-recover=all',
];
/** A program of its own; all other sources are gantry-init. */
const standalone = { 'hello.c': 'gantry-hello' };
/** Programs that run for moments stand behind those that stay: the kernel maps what is around a page along with it. */
const seldom = /^(confine|fail|index|inode_map|owner|place|sha256|skeleton|tar|untar)/;
/** Layers are decompressed by the program that unpacks them. */
const libraries = { 'gantry-init': ['-lz'] };

class BuildError extends Error {}

function run(command, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit'] });
    child.on('error', (error) =>
      reject(
        error.code === 'ENOENT'
          ? new BuildError(
              `${command} is missing: gantry compiles one small C program (Debian: apt-get install gcc libc6-dev zlib1g-dev)`,
            )
          : error,
      ),
    );
    child.on('exit', (code, signal) =>
      code === 0 ? resolve() : reject(new BuildError(`${command} failed (${signal ?? code})`)),
    );
  });
}

/** Runs `work` over `items`, as many at once as there are cores. */
async function parallel(items, work) {
  const queue = [...items];
  const worker = async () => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: availableParallelism() }, worker));
}

const hash = (...parts) => {
  const h = createHash('sha256');
  for (const part of parts) h.update(part).update('\0');
  return h.digest('hex').slice(0, 20);
};

/** Builds what is out of date. Returns the names of the programs that were linked anew. */
export async function buildNative({ out = join(checkout, 'build'), sanitized = false, quiet = false } = {}) {
  const cc = process.env.CC || 'cc';
  const flags = [...common, ...(sanitized ? sanitize : release)];
  const files = readdirSync(native).sort();
  const headers = files.filter((f) => f.endsWith('.h')).map((f) => f + readFileSync(join(native, f), 'utf8'));
  const objects = join(out, 'objects');
  mkdirSync(objects, { recursive: true });

  const units = files
    .filter((f) => f.endsWith('.c'))
    .map((name) => {
      const key = hash(cc, flags.join(' '), readFileSync(join(native, name)), ...headers);
      return { name, object: join(objects, `${name}.${key}.o`), program: standalone[name] ?? 'gantry-init' };
    });
  const stale = units.filter((unit) => !existsSync(unit.object));
  if (stale.length > 0 && !quiet) console.log(`compiling ${stale.map((u) => u.name).join(' ')}`);
  await parallel(stale, async (unit) => {
    const temporary = `${unit.object}.${process.pid}`;
    await run(cc, [...flags, '-c', join(native, unit.name), '-o', temporary]);
    renameSync(temporary, unit.object);
  });

  const linked = [];
  for (const program of new Set(units.map((u) => u.program))) {
    const own = units.filter((u) => u.program === program);
    const parts = [...own.filter((u) => !seldom.test(u.name)), ...own.filter((u) => seldom.test(u.name))].map(
      (u) => u.object,
    );
    const target = join(out, program);
    const stamp = join(objects, `${program}.stamp`);
    const key = hash(...parts, ...(libraries[program] ?? []));
    if (existsSync(target) && existsSync(stamp) && readFileSync(stamp, 'utf8') === key) continue;
    await run(cc, [...flags, ...parts, '-o', `${target}.${process.pid}`, ...(libraries[program] ?? [])]);
    renameSync(`${target}.${process.pid}`, target);
    writeFileSync(stamp, key);
    linked.push(program);
  }
  const current = new Set(units.map((u) => u.object));
  for (const file of readdirSync(objects))
    if (file.endsWith('.o') && !current.has(join(objects, file)))
      rmSync(join(objects, file), { force: true });
  return linked;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const args = process.argv.slice(2);
  const at = args.indexOf('--out');
  const options = { sanitized: args.includes('--sanitize'), quiet: args.includes('--quiet') };
  if (at >= 0) options.out = args[at + 1];
  try {
    const linked = await buildNative(options);
    if (!options.quiet)
      console.log(linked.length > 0 ? `built ${linked.join(' ')}` : 'native programs are up to date');
  } catch (error) {
    console.error(error instanceof BuildError ? `build-native: ${error.message}` : error);
    process.exit(1);
  }
}
