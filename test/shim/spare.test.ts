import { test } from 'bun:test';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { Shims } from '../../src/shim/spare.ts';
import { eventually } from '../rig/command.ts';

const statusOf = (pid: string) => {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const name = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
    return { parent: Number(/^PPid:\s+(\d+)$/m.exec(status)?.[1]), name };
  } catch {
    return { parent: 0, name: '' };
  }
};

/** Shims of this process that have no container. */
const spares = (): string[] =>
  readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    const { parent, name } = statusOf(pid);
    return parent === process.pid && name === 'gantry-init\0shim\0(not in use)\0';
  });

test('there is one spare shim, another when it was killed and asked for again, and none after the end', async () => {
  const shims = new Shims();
  shims.prepare();
  shims.prepare();
  await eventually(async () => spares().length === 1, 'one spare shim');
  const [pid = ''] = spares();
  process.kill(Number(pid), 'SIGKILL');
  await eventually(async () => !existsSync(`/proc/${pid}`), 'it is gone');
  shims.prepare();
  await eventually(async () => spares().length === 1 && spares()[0] !== pid, 'another one');
  shims[Symbol.dispose]();
  await eventually(async () => spares().length === 0, 'none');
});
