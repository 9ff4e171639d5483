import { afterAll, beforeAll, expect, test } from 'bun:test';
import { join } from 'node:path';
import { buildNative } from '../../scripts/build-native.mjs';
import { encodeOperations } from '../../src/linux/encode.ts';
import { container, Rootfs, run, runBytes } from './container.ts';

/** gantry-init with AddressSanitizer and UBSan; kept, so that only changed sources are compiled again. */
const directory = join(import.meta.dir, '../../build/sanitized');
const program = join(directory, 'gantry-init');
const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);

beforeAll(() => buildNative({ out: directory, sanitized: true, quiet: true }), 120_000);

const rootfs = new Rootfs();
afterAll(() => rootfs[Symbol.dispose]());

const whole = encodeOperations(container(rootfs, ['sh', '-c', 'echo alive']));
const check = (list: Uint8Array) => runBytes(list, ['--check'], program);

/** Small and repeatable (xorshift32). */
function generator(state: number): (below: number) => number {
  let x = state | 1;
  return (below) => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return (x >>> 0) % below;
  };
}

/** Accepted, or refused with a report: anything else is a crash. */
async function answers(list: Uint8Array): Promise<void> {
  const { code, stderr } = await check(list);
  if (code !== 0) expect(JSON.parse(stderr), `seed ${seed}`).toMatchObject({ errno: 74 });
  expect(code, `seed ${seed}: ${stderr}`).toBeLessThan(2);
}

test('a well-formed list is accepted by the sanitized program too', async () => {
  expect(await check(whole)).toMatchObject({ code: 0, stderr: '' });
});

test('every truncation is refused', async () => {
  for (let size = 0; size < whole.length; size += 1 + Math.floor(whole.length / 60))
    expect((await check(whole.subarray(0, size))).code, `${size} bytes`).toBe(1);
});

test('changed and random bytes never crash the decoder', async () => {
  const random = generator(seed);
  for (let round = 0; round < 80; round++) {
    const list = Buffer.from(whole);
    for (let changes = 1 + random(4); changes > 0; changes--) list[random(list.length)] = random(256);
    await answers(list);
    await answers(Buffer.from(Array.from({ length: random(200) }, () => random(4) * random(80))));
  }
}, 30_000);

test('lengths that lie are refused', async () => {
  for (const at of [0, 8, 20])
    for (const value of [0xffffffff, 0x7fffffff, 0x01000000]) {
      const list = Buffer.from(whole);
      list.writeUInt32LE(value, at);
      expect((await check(list)).code).toBe(1);
    }
  const { code, stderr } = await runBytes(Buffer.alloc(17 << 20), ['--check']);
  expect([code, JSON.parse(stderr).errno]).toEqual([1, 90]);
});

test('a whole container runs under the sanitizers', async () => {
  const { code, stdout, stderr } = await runBytes(whole, [], program);
  expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: 'alive\n', stderr: '' });
  expect((await run(container(rootfs, ['true']))).code).toBe(0);
});

test('hostile account files under the sanitizers', async () => {
  using odd = new Rootfs();
  const random = generator(seed);
  for (let round = 0; round < 15; round++) {
    const text = Array.from({ length: random(400) }, () => ':\n\0,x0 9r'[random(9)]).join('');
    odd.file('etc/passwd', text);
    odd.file('etc/group', text);
    for (const user of ['x', '0', '9:x']) {
      const list = encodeOperations(container(odd, ['true'], { user, groups: ['9', 'r'] }));
      const { code, stderr } = await runBytes(list, [], program);
      if (code !== 0) expect(JSON.parse(stderr).detail, `seed ${seed}`).toStartWith('unable to find ');
    }
  }
}, 30_000);
