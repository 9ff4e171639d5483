/** What lies in the directory that gantry is called in is not asked for anything: it may be somebody else's. */
import { expect, test } from 'bun:test';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gantryBinary } from '../rig/engine.ts';

test('no preload of a bunfig.toml, no variables of an .env', () => {
  const directory = mkdtempSync(join(tmpdir(), 'gantry-cwd-'));
  try {
    writeFileSync(join(directory, '.env'), 'DOCKER_HOST=unix:///from-env-file\n');
    writeFileSync(join(directory, 'bunfig.toml'), 'preload = ["./preload.ts"]\n');
    writeFileSync(join(directory, 'preload.ts'), 'console.error("preloaded")\n');
    // A host that is there neither way, so that no daemon is started: the file's variable would win over this one.
    const { stderr } = Bun.spawnSync([gantryBinary, 'ps'], {
      cwd: directory,
      env: { PATH: process.env.PATH ?? '', DOCKER_CONTEXT: 'none-such' },
    });
    expect(stderr.toString()).toContain('none-such');
    expect(stderr.toString()).not.toContain('preloaded');
    expect(stderr.toString()).not.toContain('from-env-file');
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});
