import { expect, test } from 'bun:test';
import { closeSync, openSync, readFileSync, readlinkSync } from 'node:fs';
import { nativePath } from '../../src/linux/native.ts';

/** A shim that waits for its launch message, after it sealed itself. */
async function idleShim() {
  const child = Bun.spawn([nativePath(), 'shim', 'sealtest'], {
    stdin: 'pipe',
    stdout: 'pipe',
    stderr: 'ignore',
  });
  for (let i = 0; i < 200; i++) {
    if (readlinkSync(`/proc/${child.pid}/exe`) === '/') break;
    await Bun.sleep(5);
  }
  return child;
}

test('not even the host’s root can write to the executable of a shim, nor make it writable (CVE-2019-5736)', async () => {
  const shim = await idleShim();
  try {
    const exe = `/proc/${shim.pid}/exe`;
    expect(readlinkSync(exe)).toBe('/');
    expect(() => openSync(exe, 'r+')).toThrow(/EROFS|ETXTBSY/);
    expect(readFileSync(exe).equals(readFileSync(nativePath()))).toBe(true);
    for (const command of [
      ['mount', '-c', '-i', '-o', 'remount,bind,rw', exe],
      ['mount', '-c', '-i', '--bind', exe, '/etc/hostname'],
      ['chmod', '777', exe],
      ['truncate', '-s', '0', exe],
    ])
      expect(Bun.spawnSync(command, { stderr: 'ignore' }).exitCode, command.join(' ')).not.toBe(0);
    // What runc's exploit did: hold it open for reading, and open that for writing when the process is gone.
    const held = openSync(exe, 'r');
    shim.kill('SIGKILL');
    await shim.exited;
    expect(() => openSync(`/proc/self/fd/${held}`, 'r+')).toThrow('EROFS');
    closeSync(held);
  } finally {
    shim.kill('SIGKILL');
    await shim.exited;
  }
});

test('shims share the pages of their executable', async () => {
  const shim = await idleShim();
  try {
    expect(readFileSync(`/proc/${shim.pid}/maps`, 'utf8')).not.toContain('memfd');
    expect(readFileSync(`/proc/${shim.pid}/comm`, 'utf8')).toBe('gantry-init\n');
  } finally {
    shim.kill('SIGKILL');
    await shim.exited;
  }
});
