import { describe, expect, test } from 'bun:test';
import type { Operation } from '../../src/linux/operations.ts';
import type { ShimStream } from '../../src/shim/client.ts';
import { execOperations, operations, Rig, readAll, sh } from './rig.ts';

const MS_REC_PRIVATE = 0x44000;
const all = { stdin: true, stdout: true, stderr: true };

/** The host's own /dev/pts, seen from a private mount namespace, stands in for the container's. */
function withTerminal(argv: string[]): Operation[] {
  const [clone, ...rest] = operations(argv, { tty: true });
  if (!clone) throw new Error('no operations');
  return [
    clone,
    { op: 'propagation', side: 'inside', path: '/', flags: MS_REC_PRIVATE },
    { op: 'root', side: 'inside', path: '/' },
    ...rest,
  ];
}

async function until(stream: ShimStream, text: string): Promise<string> {
  const reader = stream.output.getReader();
  let seen = '';
  while (!seen.includes(text)) {
    const { value, done } = await reader.read();
    if (done) throw new Error(`ended after ${JSON.stringify(seen)}`);
    seen += Buffer.from(value).toString();
  }
  reader.releaseLock();
  return seen;
}

describe('tty', () => {
  test('is raw both ways, with both streams on one', async () => {
    await using rig = new Rig();
    const c = await rig.start(
      withTerminal(sh('tty >/dev/null && echo a tty; echo err >&2; read x; echo "<$x>"')),
      {
        tty: true,
        openStdin: true,
        expectAttach: 1,
      },
    );
    const stream = await c.client.attach(all);
    await until(stream, 'err\r\n');
    await stream.write(Buffer.from('typed\r'));
    expect((await readAll(stream)).toString()).toBe('typed\r\n<typed>\r\n');
    await c.gone;
    expect(c.log().map((line) => [line.log, line.stream])).toEqual([
      ['a tty\r\n', 'stdout'],
      ['err\r\n', 'stdout'],
      ['typed\r\n', 'stdout'],
      ['<typed>\r\n', 'stdout'],
    ]);
  });

  test('takes the size asked for before the start, and later ones with SIGWINCH', async () => {
    await using rig = new Rig();
    const c = await rig.start(
      withTerminal(sh('trap "stty size" WINCH; stty size; while :; do sleep 0.02; done')),
      {
        tty: true,
        openStdin: true,
        expectAttach: 1,
      },
    );
    await c.client.resize('', 33, 111);
    const stream = await c.client.attach(all);
    await until(stream, '33 111\r\n');
    await c.client.resize('', 50, 200);
    await until(stream, '50 200\r\n');
    await c.client.signal('', 9);
  });

  test('everything written before the exit arrives', async () => {
    await using rig = new Rig();
    const c = await rig.start(withTerminal(sh('head -c 3000000 /dev/zero | tr "\\0" x')), {
      tty: true,
      expectAttach: 1,
    });
    const stream = await c.client.attach(all);
    expect((await readAll(stream)).length).toBe(3_000_000);
  });

  test('a process that closes its terminal for a while has not ended', async () => {
    await using rig = new Rig();
    const script =
      'exec 3>&1; t=$(tty); echo one; exec </dev/null >/dev/null 2>&1 3>&-; sleep 0.2; echo two >$t';
    const c = await rig.start(withTerminal(sh(script)), { tty: true, openStdin: true, expectAttach: 1 });
    const stream = await c.client.attach(all);
    expect((await readAll(stream)).toString()).toBe('one\r\ntwo\r\n');
  });

  test('of an exec has its own size and end', async () => {
    await using rig = new Rig();
    const c = await rig.start(operations(['sleep', '60']));
    const started = await c.until('started');
    const list = execOperations(started, sh('stty size; read x; stty size; exit 6'), { tty: true });
    list.splice(
      list.findIndex(({ op }) => op === 'console'),
      0,
      { op: 'root', side: 'inside', path: '/' },
    );
    const { stream } = await c.client.exec('e1', list, { ...all, tty: true });
    if (!stream) throw new Error('no stream');
    await until(stream, '24 80\r\n');
    await c.client.resize('e1', 40, 90);
    await stream.write(Buffer.from('\r'));
    expect((await readAll(stream)).toString()).toEndWith('40 90\r\n');
    expect((await c.until('exec-exited')).code).toBe(6);
  });
});
