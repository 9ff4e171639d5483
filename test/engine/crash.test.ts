/** kill -9 of the daemon at any instant of create, start, stop and rm: what was acknowledged stands, and nothing is orphaned. */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { join } from 'node:path';
import type { ContainerId } from '../../src/lib/ids.ts';
import { EngineRig } from './rig.ts';

const rounds = Number(process.env.CRASHES ?? 8);
let rig: EngineRig;
beforeAll(async () => {
  rig = await EngineRig.open();
});
afterAll(async () => {
  await rig[Symbol.asyncDispose]();
});

/** What the daemon acknowledged last of each container, before it was killed. */
async function liveAndDie(directory: string, delay: number): Promise<Map<string, string>> {
  const child = Bun.spawn([process.execPath, join(import.meta.dir, 'killed-daemon.ts'), directory], {
    stdout: 'pipe',
    stderr: 'inherit',
    stdin: 'ignore',
  });
  let text = '';
  let armed = false;
  for await (const chunk of child.stdout) {
    text += new TextDecoder().decode(chunk);
    if (armed || !text.includes('ready')) continue;
    armed = true;
    setTimeout(() => child.kill('SIGKILL'), delay);
  }
  await child.exited;
  const said = new Map<string, string>();
  // A last line that was cut short was not said.
  for (const line of text.split('\n').slice(0, -1)) {
    const [what, id] = line.split(' ');
    if (what !== undefined && id !== undefined) said.set(id, what);
  }
  return said;
}

for (let round = 0; round < rounds; round++)
  test(`killed at a random moment (${round})`, async () => {
    await rig.engine.close();
    const said = await liveAndDie(rig.directory, Math.random() * 120);
    await rig.reopen();
    const records = new Map(
      (await rig.containers.list()).map((container) => [container.id as string, container]),
    );
    for (const [id, what] of said) {
      const status = records.get(id)?.state.status;
      if (what === 'created') expect(['created', 'running', 'exited']).toContain(status ?? 'gone');
      if (what === 'started') expect(['running', 'exited']).toContain(status ?? 'gone');
      if (what === 'stopped') expect(['exited', undefined]).toContain(status);
      if (what === 'removed') expect(status).toBeUndefined();
    }
    rig.ids.push(...([...said.keys(), ...records.keys()] as ContainerId[]));
    for (const id of records.keys()) await rig.remove(id);
    expect(rig.leftovers()).toEqual([]);
    expect(rig.orphanSnapshots()).toEqual([]);
  });
