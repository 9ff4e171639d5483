/**
 * The same as mount-races, without an engine around it: one operation of gantry-init, hundreds of times, against somebody who
 * exchanges directories for links to the host. GANTRY_TEST_RACE_ROUNDS=100000 for long runs.
 */
import { afterAll, expect, test } from 'bun:test';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { CLONE, MS } from '../../src/linux/flags.ts';
import { OperationFailed, runOperations } from '../../src/linux/native.ts';
import type { Operation } from '../../src/linux/operations.ts';
import { patience, succeed } from '../rig/command.ts';
import { Canary, Exchange, secret } from './exchange.ts';

const rounds = Number(process.env.GANTRY_TEST_RACE_ROUNDS ?? 400);
const allowed = patience(process.env.GANTRY_TEST_RACE_ROUNDS ? 3_600_000 : 120_000);

const scratch = mkdtempSync('/tmp/gantry-race-');
afterAll(() => rmSync(scratch, { recursive: true, force: true }));
const canary = new Canary(join(scratch, 'canary'));
const root = join(scratch, 'root');
mkdirSync(join(root, 'm'), { recursive: true });

function fresh(name: string): string {
  const path = join(scratch, name);
  rmSync(path, { recursive: true, force: true });
  mkdirSync(path);
  return path;
}

const inRoot = (...operations: Operation[]): Promise<void> =>
  runOperations([
    { op: 'unshare', side: 'host', flags: CLONE.NEWNS },
    { op: 'propagation', side: 'host', path: '/', flags: MS.REC | MS.PRIVATE },
    { op: 'root', side: 'host', path: root },
    ...operations,
  ]);

const populate = (target: string, path: string): Operation => ({
  op: 'populate',
  side: 'host',
  target,
  path,
  subpath: '',
  copy: true,
  uid: 2 ** 32 - 1,
  gid: 2 ** 32 - 1,
  mode: 2 ** 32 - 1,
});

const bind = (source: string, subpath: string): Operation => ({
  op: 'bind',
  side: 'host',
  source,
  target: '/m',
  nonRecursive: false,
  setAttr: 0,
  clearAttr: 0,
  recursiveAttr: false,
  propagation: 0,
  subpath,
  uidMap: '',
  gidMap: '',
  owner: '',
});

test(
  'a subpath is never anything of the host',
  async () => {
    const volume = fresh('volume');
    mkdirSync(join(volume, 'dir/deep'), { recursive: true });
    writeFileSync(join(volume, 'dir/deep/secret'), 'mine');
    symlinkSync(canary.path, join(volume, 'link'));
    await using _ = await Exchange.start(scratch, volume, 'dir', 'link');
    let bound = 0;
    for (let round = 0; round < rounds; round++) {
      const result = fresh('result');
      try {
        await inRoot(bind(volume, 'dir/deep'), populate('/m', result));
        expect(readFileSync(join(result, 'secret'), 'utf8')).toBe('mine');
        bound++;
      } catch (error) {
        if (!(error instanceof OperationFailed) || error.detail !== 'subpath') throw error;
      }
    }
    expect([bound > 0, bound < rounds]).toEqual([true, true]);
    expect(canary.harm).toBe('');
  },
  allowed,
);

test(
  'filling a volume never changes, reads or links anything of the host',
  async () => {
    const image = join(root, 'fill');
    mkdirSync(join(image, 'a'), { recursive: true });
    mkdirSync(join(image, 'b'));
    // Names that the canary has, as further names of one file and as nodes with a mode of their own.
    writeFileSync(join(image, 'a/secret'), 'image');
    await succeed([
      'sh',
      '-ec',
      `cd ${image}; mkfifo -m 666 a/pipe; for i in 1 2 3 4 5 6 7 8 9; do ln a/secret b/$i; ln a/secret a/$i; done`,
    ]);
    const parent = fresh('volumes');
    const volume = join(parent, 'volume');
    symlinkSync(canary.path, join(parent, 'link'));
    await using _ = await Exchange.start(scratch, parent, 'volume/a', 'link');
    for (let round = 0; round < rounds / 2; round++) {
      mkdirSync(volume);
      // It may fail: what it copies into is somebody else's.
      await inRoot(populate('/fill', volume)).catch((error) => {
        if (!(error instanceof OperationFailed)) throw error;
      });
      expect(await succeed(['sh', '-c', `grep -rIl '${secret}' ${volume} || true`])).toBe('');
      await succeed(['sh', '-c', `until rm -rf ${volume} 2>/dev/null; do :; done`]);
      // Whichever of the two the exchange has left outside of the volume.
      rmSync(join(parent, 'link'), { recursive: true, force: true });
      symlinkSync(canary.path, join(parent, 'link'));
    }
    expect(canary.harm).toBe('');
    expect(readdirSync(canary.path).sort()).toEqual(['deep', 'pipe', 'secret']);
  },
  allowed,
);
