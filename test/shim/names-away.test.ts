/** Names while the daemon is away: killed, restarted, stopped, or not knowing the container yet. */
import { describe, expect, test } from 'bun:test';
import { decode } from 'dns-packet';
import type { NameView } from '../../src/networks/dns/model.ts';
import { firstLine } from '../rig/command.ts';
import { dataOf, type Names, NamesRig, opt, queryFor, rcodeOf, serving, viewOf } from './names-rig.ts';

const names: Names = { web: { ipv4: ['10.9.0.2'] }, db: { ipv4: ['10.9.0.4'] } };

/** A daemon in a process of its own. */
class Daemon implements AsyncDisposable {
  private constructor(readonly child: Bun.Subprocess<'ignore', 'pipe', 'inherit'>) {}

  static async start(path: string, known: Names = names): Promise<Daemon> {
    const argv = [process.execPath, `${import.meta.dir}/names-daemon.ts`, path, JSON.stringify(known)];
    const child = Bun.spawn(argv, { stdin: 'ignore', stdout: 'pipe', stderr: 'inherit' });
    await firstLine(child.stdout);
    return new Daemon(child);
  }

  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.child.exited;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.kill();
  }
}

const since = (start: number) => performance.now() - start;

describe('a daemon that was killed', () => {
  test('is not missed for what was asked before, by either transport, in any case', async () => {
    await using rig = new NamesRig();
    await using daemon = await Daemon.start(rig.path);
    const c = await rig.container();
    for (const type of ['A', 'AAAA']) await c.ask('db', type);
    await daemon.kill();
    const start = performance.now();
    expect(dataOf(await c.ask('db'))).toEqual(['10.9.0.4']);
    expect(dataOf(await c.ask('db', 'A', 'tcp'))).toEqual(['10.9.0.4']);
    const none = await c.ask('db', 'AAAA');
    expect([rcodeOf(none), dataOf(none)]).toEqual([0, []]);
    const shouted = await c.ask('DB');
    expect([shouted.questions?.[0]?.name, dataOf(shouted)]).toEqual(['DB', ['10.9.0.4']]);
    expect(since(start)).toBeLessThan(1000);
  });

  test('and came back answers what was held, at once', async () => {
    await using rig = new NamesRig();
    await using first = await Daemon.start(rig.path);
    const c = await rig.container();
    await c.ask('db');
    await first.kill();
    const mouths = [await c.mouth('udp'), await c.mouth('udp'), await c.mouth('tcp')];
    for (const mouth of mouths) mouth.send(queryFor('web', 'A', 5));
    await Bun.sleep(500);
    expect(mouths.flatMap((mouth) => mouth.messages())).toEqual([]);
    await using _second = await Daemon.start(rig.path);
    for (const mouth of mouths) expect(dataOf(await mouth.answer(5, 1000))).toEqual(['10.9.0.2']);
  });

  test('and stays away means SERVFAIL after four seconds', async () => {
    await using rig = new NamesRig();
    const c = await rig.container();
    const start = performance.now();
    const [udp, tcp] = await Promise.all([c.ask('web'), c.ask('web', 'A', 'tcp')]);
    for (const answer of [udp, tcp]) {
      expect(rcodeOf(answer)).toBe(2);
      expect([answer.type, answer.flag_rd, answer.flag_ra]).toEqual(['response', true, true]);
      expect(answer.questions).toEqual([{ name: 'web', type: 'A', class: 'IN' }]);
    }
    expect(since(start)).toBeGreaterThan(3900);
    expect(since(start)).toBeLessThan(5500);
  });

  test('with queries underway: they are asked again of the next', async () => {
    await using rig = new NamesRig();
    let heard = 0;
    const deaf = Bun.listen({
      unix: rig.path,
      socket: {
        data: (_, chunk) => {
          heard += chunk.length;
        },
      },
    });
    const c = await rig.container();
    const mouth = await c.mouth('udp');
    for (let id = 1; id <= 20; id++) mouth.send(queryFor('web', 'A', id));
    await mouth.until(() => heard > 20 * 20, 'they came to the first');
    deaf.stop(true);
    await using _daemon = await Daemon.start(rig.path);
    for (let id = 1; id <= 20; id++) expect(dataOf(await mouth.answer(id, 3000))).toEqual(['10.9.0.2']);
  });

  test('twenty times under load: no question stays without an answer', async () => {
    await using rig = new NamesRig();
    await using before = await Daemon.start(rig.path);
    const c = await rig.container();
    for (const name of ['web', 'db']) await c.ask(name);
    await before.kill();
    const mouth = await c.mouth('udp');
    let id = 0;
    for (let round = 0; round < 20; round++) {
      const daemon = await Daemon.start(rig.path);
      for (let i = 0; i < 50; i++) mouth.send(queryFor(i % 2 ? 'web' : 'db', 'A', ++id));
      await Bun.sleep(round);
      await daemon.kill();
      for (let i = 0; i < 20; i++) mouth.send(queryFor('db', 'A', ++id));
    }
    await using _daemon = await Daemon.start(rig.path);
    await mouth.until(() => mouth.got.length === id, 'all of them');
    for (const message of mouth.got) expect(rcodeOf(decode(message))).toBe(0);
  }, 60_000);
});

describe('what is kept', () => {
  test('a query with EDNS gets an answer that was given to others with EDNS, whatever their options', async () => {
    await using rig = new NamesRig();
    await using daemon = await Daemon.start(rig.path);
    const c = await rig.container();
    const mouth = await c.mouth('udp');
    mouth.send(queryFor('db', 'A', 1, [opt(4096)]));
    await mouth.answer(1);
    await daemon.kill();
    mouth.send(queryFor('db', 'A', 2, [opt(512)]));
    expect(dataOf(await mouth.answer(2, 1000))).toEqual(['10.9.0.4']);
    mouth.send(queryFor('db', 'A', 3));
    expect(rcodeOf(await mouth.answer(3, 6000))).toBe(2);
  });

  test('is at most 64 answers, the latest; failures are not kept', async () => {
    const known: Names = Object.fromEntries(
      Array.from({ length: 70 }, (_, i) => [`n${i}`, { ipv4: [`10.7.0.${i}`] }]),
    );
    await using rig = new NamesRig();
    await using daemon = await Daemon.start(rig.path, known);
    const c = await rig.container();
    const mouth = await c.mouth('udp');
    mouth.send(queryFor('elsewhere.example', 'A', 1000));
    expect(rcodeOf(await mouth.answer(1000))).toBe(2);
    for (let i = 0; i < 70; i++) {
      mouth.send(queryFor(`n${i}`, 'A', i + 1));
      await mouth.answer(i + 1);
      await Bun.sleep(2);
    }
    await daemon.kill();
    mouth.send(queryFor('n0', 'A', 2000));
    mouth.send(queryFor('elsewhere.example', 'A', 2001));
    for (let i = 6; i < 70; i++) {
      mouth.send(queryFor(`n${i}`, 'A', 100 + i));
      expect(dataOf(await mouth.answer(100 + i, 1000))).toEqual([`10.7.0.${i}`]);
    }
    for (const id of [2000, 2001]) expect(rcodeOf(await mouth.answer(id, 6000))).toBe(2);
  });

  test('is forgotten when the daemon says so', async () => {
    await using rig = new NamesRig();
    const c = await rig.container();
    const server = await serving(rig.path, () => viewOf(names));
    await c.ask('db');
    server.forget(new Set(['another container']));
    await c.ask('web');
    server.forget(new Set([c.launched.launch.id]));
    await c.ask('web');
    await server.close();
    expect(dataOf(await c.ask('web'))).toEqual(['10.9.0.2']);
    expect(rcodeOf(await c.ask('db'))).toBe(2);
  });

  test('is forgotten also when the shim was not connected at the time', async () => {
    await using rig = new NamesRig();
    const c = await rig.container();
    for (const changes of [false, true]) {
      const server = await serving(rig.path, () => viewOf(names));
      if (changes) server.forget(new Set([c.launched.launch.id]));
      await c.ask(changes ? 'web' : 'db');
      await server.close();
    }
    expect(rcodeOf(await c.ask('db'))).toBe(2);
  });
});

describe('a daemon that is there', () => {
  test('but does not know the container yet', async () => {
    await using rig = new NamesRig();
    let view: NameView | null = null;
    const asked: string[] = [];
    await using _server = await serving(rig.path, (id) => {
      asked.push(id);
      return view;
    });
    const c = await rig.container();
    const answer = c.ask('db');
    await Bun.sleep(500);
    view = viewOf(names);
    expect(dataOf(await answer)).toEqual(['10.9.0.4']);
    expect(new Set(asked)).toEqual(new Set([c.launched.launch.id]));
    expect(asked.length).toBeLessThan(12);
  });

  test('but stopped: what is kept answers after four seconds', async () => {
    await using rig = new NamesRig();
    await using daemon = await Daemon.start(rig.path);
    const c = await rig.container();
    await c.ask('db');
    daemon.child.kill('SIGSTOP');
    const start = performance.now();
    const other = c.ask('web', 'A', 'udp', 20_000);
    expect(dataOf(await c.ask('db'))).toEqual(['10.9.0.4']);
    expect(since(start)).toBeGreaterThan(3900);
    expect(rcodeOf(await other)).toBe(2);
    expect(since(start)).toBeGreaterThan(9900);
  }, 30_000);
});
