import { describe, expect, test } from 'bun:test';
import { demultiplex, FrameCounter, memoryOf, operations, Rig, readAll, sh } from './rig.ts';

const both = { stdin: false, stdout: true, stderr: true };

describe('attach', () => {
  test('gets everything from the first byte, in frames, when it was expected', async () => {
    await using rig = new Rig();
    const c = await rig.start(operations(sh('echo out; echo err >&2; printf "no newline"')), {
      expectAttach: 1,
    });
    const stream = await c.client.attach(both);
    expect(demultiplex(await readAll(stream))).toEqual({ stdout: 'out\nno newline', stderr: 'err\n' });
    expect((await c.until('exited')).code).toBe(0);
  });

  test('waits for as many as were announced', async () => {
    await using rig = new Rig();
    const c = await rig.start(operations(sh('echo hi')), { expectAttach: 2 });
    const first = await c.client.attach(both);
    await Bun.sleep(50);
    expect(c.seen).toEqual([]);
    const second = await c.client.attach({ ...both, stderr: false });
    for (const stream of [first, second]) expect(demultiplex(await readAll(stream)).stdout).toBe('hi\n');
  });

  test('sends only the wanted stream', async () => {
    await using rig = new Rig();
    const c = await rig.start(operations(sh('echo out; echo err >&2')), { expectAttach: 1 });
    const stream = await c.client.attach({ stdin: false, stdout: false, stderr: true });
    expect(demultiplex(await readAll(stream))).toEqual({ stdout: '', stderr: 'err\n' });
  });

  test('detaching leaves the process alone, and one can come back', async () => {
    await using rig = new Rig();
    const c = await rig.start(operations(['cat']), { openStdin: true });
    const first = await c.client.attach({ ...both, stdin: true });
    await first.write(Buffer.from('one\n'));
    const reader = first.output.getReader();
    expect(
      Buffer.from((await reader.read()).value ?? [])
        .subarray(8)
        .toString(),
    ).toBe('one\n');
    first.close();
    const second = await c.client.attach({ ...both, stdin: true });
    await second.write(Buffer.from('two\n'));
    const next = await second.output.getReader().read();
    expect(
      Buffer.from(next.value ?? [])
        .subarray(8)
        .toString(),
    ).toBe('two\n');
    second.close();
    expect(c.log().map((line) => line.log)).toEqual(['one\n', 'two\n']);
  });
});

describe('stdin', () => {
  test('ends with the first client when it is once', async () => {
    await using rig = new Rig();
    const c = await rig.start(operations(sh('cat; echo end')), {
      openStdin: true,
      stdinOnce: true,
      expectAttach: 1,
    });
    const stream = await c.client.attach({ ...both, stdin: true });
    await stream.write(Buffer.from('text'));
    stream.end();
    expect(demultiplex(await readAll(stream)).stdout).toBe('textend\n');
  });

  test('stays open after a half-close when it is not once', async () => {
    await using rig = new Rig();
    const c = await rig.start(operations(['cat']), { openStdin: true });
    const stream = await c.client.attach({ ...both, stdin: true });
    await stream.write(Buffer.from('a\n'));
    stream.end();
    const other = await c.client.attach({ stdin: true, stdout: false, stderr: false });
    await other.write(Buffer.from('b\n'));
    other.close();
    const reader = stream.output.getReader();
    let text = '';
    while (!text.includes('b\n')) text += Buffer.from((await reader.read()).value ?? []).toString();
    expect(c.seen.some((event) => event.type === 'exited')).toBe(false);
  });

  test('is /dev/null without openStdin', async () => {
    await using rig = new Rig();
    const c = await rig.start(operations(sh('cat; echo end')), { expectAttach: 1 });
    const stream = await c.client.attach({ ...both, stdin: true });
    expect(demultiplex(await readAll(stream)).stdout).toBe('end\n');
  });

  test('what a client sent before it vanished still arrives', async () => {
    await using rig = new Rig();
    const c = await rig.start(operations(sh('sleep 0.2; wc -c')), { openStdin: true, stdinOnce: true });
    const stream = await c.client.attach({ stdin: true, stdout: false, stderr: false });
    await stream.write(Buffer.alloc(350_000, 120));
    stream.close();
    await c.until('exited');
    expect(c.log().map((line) => line.log.trim())).toEqual(['350000']);
  });
});

describe('volume', () => {
  const size = 200_000_000;

  test('200 MB out to attach and log are complete when the container exits right after', async () => {
    await using rig = new Rig();
    const c = await rig.start(operations(sh(`yes 0123456789abcdef | head -c ${size}`)), { expectAttach: 1 });
    const stream = await c.client.attach(both);
    const counter = new FrameCounter();
    for await (const chunk of stream.output) counter.push(chunk);
    expect(counter.payload).toBe(size);
    await c.gone;
    const logged = Bun.spawnSync([
      'grep',
      '-c',
      '^{"log":"0123456789abcdef\\\\n","stream":"stdout","time":"20',
      c.launch.logPath,
    ]);
    expect(Number(logged.stdout.toString())).toBe(Math.floor(size / 17));
  }, 60_000);

  test('200 MB through stdin and back', async () => {
    await using rig = new Rig();
    const c = await rig.start(operations(['cat']), {
      openStdin: true,
      stdinOnce: true,
      expectAttach: 1,
      logPath: '',
    });
    const stream = await c.client.attach({ ...both, stdin: true });
    const chunk = Buffer.alloc(1_000_000, 97);
    const writing = (async () => {
      for (let i = 0; i < size / chunk.length; i++) await stream.write(chunk);
      stream.end();
    })();
    const counter = new FrameCounter();
    for await (const part of stream.output) counter.push(part);
    await writing;
    expect(counter.payload).toBe(size);
  }, 60_000);

  test('a slow reader slows the process down and costs no memory', async () => {
    await using rig = new Rig();
    const c = await rig.start(operations(sh('yes | head -c 50000000')), { expectAttach: 1, logPath: '' });
    const stream = await c.client.attach(both);
    const counter = new FrameCounter();
    const before = process.memoryUsage().rss;
    let worst = 0;
    let own = 0;
    for await (const chunk of stream.output) {
      counter.push(chunk);
      if (counter.payload < 5_000_000) await Bun.sleep(5);
      if (counter.payload < 45_000_000) worst = Math.max(worst, memoryOf(c.shim.pid));
      own = Math.max(own, process.memoryUsage().rss - before);
    }
    expect(counter.payload).toBe(50_000_000);
    expect(worst).toBeLessThan(2500);
    expect(own).toBeLessThan(40_000_000);
  }, 60_000);

  test('a client that reads long after the exit still gets everything', async () => {
    await using rig = new Rig();
    const c = await rig.start(operations(sh('yes | head -c 600000')), { expectAttach: 1 });
    const stream = await c.client.attach(both);
    expect((await c.until('exited')).code).toBe(0);
    await Bun.sleep(1500);
    const counter = new FrameCounter();
    for await (const chunk of stream.output) counter.push(chunk);
    expect(counter.payload).toBe(600_000);
    await c.gone;
  });

  test('one that holds is waited for, the others get theirs meanwhile', async () => {
    await using rig = new Rig();
    const c = await rig.start(operations(sh('yes | head -c 3000000')), { expectAttach: 2 });
    const holding = await c.client.attach({ ...both, hold: true });
    const other = await c.client.attach({ stdin: false, stdout: false, stderr: true });
    await Bun.sleep(300);
    expect(c.seen.map((event) => event.type)).toEqual(['started']);
    const counter = new FrameCounter();
    for await (const chunk of holding.output) counter.push(chunk);
    expect(counter.payload).toBe(3_000_000);
    expect((await readAll(other)).length).toBe(0);
  });

  test('a client that reads nothing does not stop others for ever, nor the log', async () => {
    await using rig = new Rig();
    const c = await rig.start(operations(sh('yes | head -c 30000000')), { expectAttach: 1 });
    const stuck = await c.client.attach(both);
    const exited = await c.until('exited');
    expect(exited.code).toBe(0);
    stuck.close();
  }, 60_000);

  test('a process that never reads its stdin holds the writer, not the shim', async () => {
    await using rig = new Rig();
    const c = await rig.start(operations(['sleep', '60']), { openStdin: true });
    const stream = await c.client.attach({ stdin: true, stdout: false, stderr: false });
    const outcome = await Promise.race([
      stream.write(Buffer.alloc(8_000_000)).then(() => 'done'),
      Bun.sleep(300).then(() => 'held'),
    ]);
    expect(outcome).toBe('held');
    expect(memoryOf(c.shim.pid)).toBeLessThan(1500);
    await c.client.signal('', 9);
    expect((await c.until('exited')).code).toBe(137);
  });
});
