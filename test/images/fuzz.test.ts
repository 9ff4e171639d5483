/**
 * gantry-init untar under AddressSanitizer and UBSan, on layers made wrong at random: it unpacks or refuses them, and touches
 * nothing outside. GANTRY_FUZZ_SECONDS for longer, GANTRY_FUZZ_SEED to see one again.
 */
import { beforeAll, expect, test } from 'bun:test';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { buildNative } from '../../scripts/build-native.mjs';
import { mutate, random } from './mutate.ts';
import { temporaryDirectory } from './rig.ts';
import { shapes } from './shapes.ts';
import { disputed } from './shapes-disputed.ts';

const sanitized = join(import.meta.dir, '../../build/sanitized');
const seconds = Number(process.env.GANTRY_FUZZ_SECONDS ?? 10);
const seed = Number(process.env.GANTRY_FUZZ_SEED ?? Date.now() % 1e9);
const corpus = [...shapes, ...disputed]
  .flatMap((shape) => shape.layers)
  .filter((layer) => layer.length < 64 << 10);
const fault = 99;

beforeAll(() => buildNative({ out: sanitized, sanitized: true, quiet: true }), 120_000);

async function untar(
  archive: Buffer,
  directory: string,
  whiteouts: string,
): Promise<{ code: number; answer: string }> {
  const bounds = ['--max-bytes', String(64 << 20), '--keep-free', String(1 << 20)];
  const child = Bun.spawn(
    [join(sanitized, 'gantry-init'), 'untar', directory, '--whiteouts', whiteouts, ...bounds],
    {
      stdin: archive,
      stdout: 'pipe',
      stderr: 'pipe',
      env: { ASAN_OPTIONS: `detect_leaks=0:exitcode=${fault}`, UBSAN_OPTIONS: `exitcode=${fault}` },
      timeout: 30_000,
    },
  );
  const [report, errors, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  return { code, answer: code === 0 ? report : errors };
}

test(
  `${seconds} s of wrong layers, GANTRY_FUZZ_SEED=${seed}`,
  async () => {
    using scratch = temporaryDirectory();
    const end = Date.now() + seconds * 1000;
    let count = 0;
    const worker = async (pick: ReturnType<typeof random>, directory: string) => {
      while (Date.now() < end) {
        const archive = mutate(corpus, pick);
        mkdirSync(directory);
        const { code, answer } = await untar(
          archive,
          directory,
          ['overlay', 'apply', 'none'][pick(3)] ?? 'none',
        );
        if (![0, 1].includes(code)) await Bun.write(`/var/tmp/gantry-fuzz-${seed}.tar`, archive);
        expect([code, answer]).toEqual([code === 0 ? 0 : 1, answer]);
        expect(() => JSON.parse(answer)).not.toThrow();
        rmSync(directory, { recursive: true });
        count += 1;
      }
    };
    await Promise.all([1, 2].map((n) => worker(random(seed + n), join(scratch.path, String(n)))));
    expect(readdirSync(scratch.path)).toEqual([]);
    console.log(`${count} layers`);
    expect(count).toBeGreaterThan(0);
  },
  (seconds + 60) * 1000,
);
