/** A daemon of its own for crash.test.ts: runs the life of containers again and again until it is killed. */
import { openEngine } from '../../src/engine/engine.ts';
import { lifeRequest, options } from './rig.ts';

const directory = process.argv[2] ?? '';
const engine = await openEngine(options(directory), () => {});
process.stdout.write('ready\n');
for (let round = 0; ; round++) {
  const { id } = await engine.containers.create(lifeRequest(`c${round}`));
  process.stdout.write(`created ${id}\n`);
  await engine.containers.start(id);
  process.stdout.write(`started ${id}\n`);
  await engine.containers.stop(id, { signal: 'KILL', timeout: 5 });
  process.stdout.write(`stopped ${id}\n`);
  if (round % 2 === 0) {
    await engine.containers.remove(id, { force: true, volumes: true, link: false });
    process.stdout.write(`removed ${id}\n`);
  }
}
