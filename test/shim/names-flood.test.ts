/** How much of shim and daemon one container can take: bounded memory, and the others go on. */
import { expect, test } from 'bun:test';
import { decode } from 'dns-packet';
import { type Names, NamesRig, queryFor, rcodeOf, serving, viewOf, works } from './names-rig.ts';
import { memoryOf } from './rig.ts';

const names: Names = {
  db: { ipv4: ['10.9.0.4'] },
  large: { ipv4: Array.from({ length: 3000 }, (_, i) => `10.8.${i >> 8}.${i & 255}`) },
};
const serve = (path: string) => serving(path, () => viewOf(names));

test('a container that floods while the daemon is there', async () => {
  await using rig = new NamesRig();
  await using _server = await serve(rig.path);
  const c = await rig.container();
  const mouth = await c.mouth('udp');
  await works(mouth);
  const before = memoryOf(c.launched.shim.pid);
  mouth.send(queryFor('elsewhere.example', 'A'), 20_000);
  const other = await c.mouth('udp');
  await other.until(() => mouth.got.length > 100, 'the flood is on');
  await works(other);
  expect(memoryOf(c.launched.shim.pid) - before).toBeLessThan(2048);
});

test('a container that floods while it is away: 256 queries are held, the last ones', async () => {
  await using rig = new NamesRig();
  const c = await rig.container();
  const mouth = await c.mouth('udp');
  const before = memoryOf(c.launched.shim.pid);
  mouth.send(queryFor('x'.repeat(60), 'A'), 20_000);
  await mouth.until(() => mouth.got.length > 0, 'failures', 20_000);
  await Bun.sleep(1000);
  expect(mouth.got.length).toBe(256);
  for (const message of mouth.got) expect(rcodeOf(decode(message))).toBe(2);
  expect(memoryOf(c.launched.shim.pid) - before).toBeLessThan(2048);
  await using _server = await serve(rig.path);
  await works(mouth);
}, 60_000);

test('a client that takes no answers from its connection', async () => {
  await using rig = new NamesRig();
  await using _server = await serve(rig.path);
  const c = await rig.container();
  const mouth = await c.mouth('udp');
  await works(mouth);
  const before = memoryOf(c.launched.shim.pid);
  const script = `import socket, time
s = socket.create_connection(("127.0.0.11", 53)); s.setblocking(False)
q = bytes.fromhex("${queryFor('large').toString('hex')}"); m = len(q).to_bytes(2, "big") + q
end = time.time() + 1
while time.time() < end:
  try: s.send(m)
  except BlockingIOError: time.sleep(0.01)
  except OSError: break
print("over")`;
  const greedy = Bun.spawn([...c.prefix, 'python3', '-c', script], { stdout: 'pipe' });
  expect(await new Response(greedy.stdout).text()).toBe('over\n');
  await works(mouth);
  expect(memoryOf(c.launched.shim.pid) - before).toBeLessThan(4096);
});
