import { describe, expect, test } from 'bun:test';
import { readdirSync } from 'node:fs';
import { ShimExecFailed } from '../../src/shim/client.ts';
import { demultiplex, execOperations, memoryOf, operations, Rig, readAll, sh } from './rig.ts';

const none = { stdin: false, stdout: false, stderr: false, tty: false };
const both = { ...none, stdout: true, stderr: true };

async function sleeper(rig: Rig) {
  const c = await rig.start(operations(['sleep', '600']));
  return { c, started: await c.until('started') };
}

describe('exec', () => {
  test('has its own stdio, exit code and end', async () => {
    await using rig = new Rig();
    const { c, started } = await sleeper(rig);
    const { pid, stream } = await c.client.exec(
      'e1',
      execOperations(started, sh('echo out; echo err >&2; exit 9')),
      both,
    );
    expect(pid).toBeGreaterThan(1);
    if (!stream) throw new Error('no stream');
    expect(demultiplex(await readAll(stream))).toEqual({ stdout: 'out\n', stderr: 'err\n' });
    expect(await c.until('exec-exited')).toEqual({ type: 'exec-exited', execId: 'e1', code: 9 });
    expect(c.log()).toEqual([]);
  });

  test('runs in the namespaces of the container', async () => {
    await using rig = new Rig();
    const { c, started } = await sleeper(rig);
    const { stream } = await c.client.exec(
      'e1',
      execOperations(started, ['readlink', `/proc/${started.pid}/ns/mnt`]),
      both,
    );
    if (!stream) throw new Error('no stream');
    const text = demultiplex(await readAll(stream)).stdout;
    const own = Bun.spawnSync(['readlink', `/proc/${started.pid}/ns/mnt`]).stdout.toString();
    expect(text).toBe(own);
  });

  test('stdin ends with the half-close', async () => {
    await using rig = new Rig();
    const { c, started } = await sleeper(rig);
    const { stream } = await c.client.exec('e1', execOperations(started, sh('cat; echo end')), {
      ...both,
      stdin: true,
    });
    if (!stream) throw new Error('no stream');
    await stream.write(Buffer.from('text\n'));
    stream.end();
    expect(demultiplex(await readAll(stream)).stdout).toBe('text\nend\n');
  });

  test('20 MB through an exec and back', async () => {
    await using rig = new Rig();
    const { c, started } = await sleeper(rig);
    const { stream } = await c.client.exec('e1', execOperations(started, sh('md5sum')), {
      ...both,
      stdin: true,
    });
    if (!stream) throw new Error('no stream');
    const data = Buffer.alloc(20_000_000, 'gantry');
    await stream.write(data);
    stream.end();
    const sum = new Bun.CryptoHasher('md5').update(data).digest('hex');
    expect(demultiplex(await readAll(stream)).stdout).toBe(`${sum}  -\n`);
  });

  test('detached has no stream and still an exit code', async () => {
    await using rig = new Rig();
    const { c, started } = await sleeper(rig);
    const { stream } = await c.client.exec('e1', execOperations(started, sh('echo lost; exit 3')), none);
    expect(stream).toBeNull();
    expect((await c.until('exec-exited')).code).toBe(3);
  });

  test('a program that does not exist throws with its operation', async () => {
    await using rig = new Rig();
    const { c, started } = await sleeper(rig);
    const failing = c.client.exec('e1', execOperations(started, ['/does/not/exist']), both);
    const error = await failing.then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(ShimExecFailed);
    expect(error).toMatchObject({ index: 3, errno: 2 });
    expect(c.seen.map((event) => event.type)).toEqual(['started']);
  });

  test('can be signalled and attached by its id, and ids are not used twice at once', async () => {
    await using rig = new Rig();
    const { c, started } = await sleeper(rig);
    const { stream } = await c.client.exec(
      'e1',
      execOperations(started, sh('echo begin; sleep 0.3; echo more; exec sleep 60')),
      both,
    );
    if (!stream) throw new Error('no stream');
    expect(c.client.exec('e1', execOperations(started, ['true']), none)).rejects.toThrow('in use');
    const second = await c.client.attach({ execId: 'e1', stdin: false, stdout: true, stderr: true });
    let seen = '';
    for await (const chunk of second.output) {
      seen += Buffer.from(chunk).toString();
      if (seen.includes('more')) break;
    }
    await c.client.signal('e1', 15);
    expect((await c.until('exec-exited')).code).toBe(143);
    expect(demultiplex(await readAll(stream)).stdout).toBe('begin\nmore\n');
    expect(c.client.signal('e1', 15)).rejects.toThrow('no such process');
  });

  test('ends with the container', async () => {
    await using rig = new Rig();
    const { c, started } = await sleeper(rig);
    const { stream } = await c.client.exec('e1', execOperations(started, ['sleep', '600']), both);
    if (!stream) throw new Error('no stream');
    await c.client.signal('', 9);
    expect((await c.until('exec-exited')).code).toBe(137);
    expect((await c.until('exited')).code).toBe(137);
    expect((await readAll(stream)).length).toBe(0);
    await c.gone;
  });

  test('many at once, each with its own output', async () => {
    await using rig = new Rig();
    const { c, started } = await sleeper(rig);
    const outputs = await Promise.all(
      Array.from({ length: 30 }, async (_, i) => {
        const { stream } = await c.client.exec(
          `e${i}`,
          execOperations(started, sh(`echo ${i}; echo ${i} >&2`)),
          both,
        );
        if (!stream) throw new Error('no stream');
        return demultiplex(await readAll(stream));
      }),
    );
    expect(outputs).toEqual(outputs.map((_, i) => ({ stdout: `${i}\n`, stderr: `${i}\n` })));
  });

  test('a thousand leave no descriptor and no memory behind', async () => {
    await using rig = new Rig();
    const { c, started } = await sleeper(rig);
    const descriptors = () => readdirSync(`/proc/${c.shim.pid}/fd`).length;
    const some = async (count: number) => {
      for (let i = 0; i < count; i++) {
        const { stream } = await c.client.exec(`e${i}`, execOperations(started, ['/bin/true']), both);
        if (stream) await readAll(stream);
      }
    };
    await some(50);
    await Bun.sleep(100); // the last connection is being closed
    const before = { descriptors: descriptors(), memory: memoryOf(c.shim.pid, 'Private_Dirty') };
    await some(1000);
    for (let i = 0; i < 100 && descriptors() !== before.descriptors; i++) await Bun.sleep(10);
    expect(descriptors()).toBe(before.descriptors);
    expect(memoryOf(c.shim.pid, 'Private_Dirty') - before.memory).toBeLessThan(64);
  }, 60_000);
});
