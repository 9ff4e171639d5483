import { expect } from 'bun:test';
import { command } from '../rig/command.ts';
import { suite } from '../rig/suite.ts';

const { each } = suite();

each('stdin through run -i and back, 20 MB', async (cli, engine) => {
  const data = new Uint8Array(20 << 20).map((_, i) => i % 251);
  const child = Bun.spawn(engine.argv(cli, ['run', '-i', '--rm', 'busybox', 'cat']), {
    stdin: new Blob([data]),
    stdout: 'pipe',
  });
  const back = await new Response(child.stdout).bytes();
  expect(await child.exited).toBe(0);
  expect(Bun.hash(back)).toBe(Bun.hash(data));
});

each('the end of stdin reaches the container', async (cli, engine) => {
  const result = await engine.run(cli, ['run', '-i', '--rm', 'busybox', 'sh', '-c', 'cat; echo end'], {
    stdin: 'one\n',
  });
  expect(result.stdout).toBe('one\nend\n');
});

each('attach sees what comes after, and leaves with the code', async (cli, engine) => {
  const id = await engine.ok(cli, 'run', '-d', 'busybox', 'sh', '-c', 'sleep 1; echo later; exit 6');
  const result = await engine.run(cli, ['attach', id]);
  expect(result).toEqual({ code: 6, stdout: 'later\n', stderr: '' });
  await engine.ok(cli, 'rm', id);
});

each('start -a', async (cli, engine) => {
  const id = await engine.ok(cli, 'create', 'busybox', 'sh', '-c', 'echo hello; exit 2');
  expect(await engine.run(cli, ['start', '-a', id])).toEqual({ code: 2, stdout: 'hello\n', stderr: '' });
  await engine.ok(cli, 'rm', id);
});

each('start -ai', async (cli, engine) => {
  const id = await engine.ok(cli, 'create', '-i', 'busybox', 'cat');
  expect((await engine.run(cli, ['start', '-ai', id], { stdin: 'in and out' })).stdout).toBe('in and out');
  await engine.ok(cli, 'rm', id);
});

each('only what -a names', async (cli, engine) => {
  const result = await engine.run(cli, [
    'run',
    '--rm',
    '-a',
    'stderr',
    'busybox',
    'sh',
    '-c',
    'echo out; echo err >&2',
  ]);
  expect(result.stdout).toBe('');
  expect(result.stderr).toBe('err\n');
});

each('a terminal has a size, raw mode and one stream', async (cli, engine) => {
  const run = engine
    .argv(cli, ['run', '-it', '--rm', 'busybox', 'sh', '-c', 'sleep 0.5; stty size; tty; echo err >&2'])
    .join("' '");
  const result = await command(['script', '-qec', `stty rows 20 cols 60; '${run}'`, '/dev/null'], {
    stdin: '',
  });
  expect(result.stdout).toContain('20 60');
  expect(result.stdout).toContain('/dev/pts/0');
  expect(result.stdout).toContain('err\r\n');
});

each('detach keys leave the container running', async (cli, engine) => {
  const id = await engine.ok(cli, 'run', '-dit', 'busybox', 'sh');
  const attach = engine.argv(cli, ['attach', '--detach-keys', 'ctrl-x,x', id]).join("' '");
  const result = await command(['script', '-qec', `'${attach}'`, '/dev/null'], {
    stdin: slowly(['echo hi\r', '\x18x']),
  });
  expect(result.stdout).toContain('hi');
  expect(await engine.ok(cli, 'inspect', '-f', '{{.State.Running}}', id)).toBe('true');
  await engine.ok(cli, 'rm', '-f', id);
});

each('no terminal, no -t', async (cli, engine) => {
  const result = await engine.run(cli, ['run', '-it', '--rm', 'busybox', 'true'], { stdin: '' });
  expect(result.code).toBe(1);
  expect(result.stderr).toContain('input device is not a TTY');
});

each('signals to the client reach the container', async (cli, engine) => {
  const script = 'trap "echo got; exit 8" TERM; echo ready; while :; do sleep 0.05; done';
  const child = Bun.spawn(engine.argv(cli, ['run', '--rm', 'busybox', 'sh', '-c', script]), {
    stdout: 'pipe',
  });
  const reader = child.stdout.getReader();
  const first = await reader.read();
  expect(new TextDecoder().decode(first.value)).toBe('ready\n');
  child.kill('SIGTERM');
  expect(await child.exited).toBe(8);
});

/** Input as a person gives it: piece by piece. */
function slowly(pieces: string[]): ReadableStream<Uint8Array> {
  return new ReadableStream({
    async start(controller) {
      for (const piece of pieces) {
        await Bun.sleep(500);
        controller.enqueue(new TextEncoder().encode(piece));
      }
      await Bun.sleep(1000);
      controller.close();
    },
  });
}
