/** Names inside a container while the daemon is there: real shims, real sockets in a namespace, the real name server. */
import { describe, expect, test } from 'bun:test';
import { existsSync, statSync } from 'node:fs';
import { decode } from 'dns-packet';
import { command, eventually } from '../rig/command.ts';
import {
  type Asking,
  dataOf,
  type Mouth,
  type Names,
  NamesRig,
  networked,
  opt,
  queryFor,
  rcodeOf,
  serving,
  viewOf,
} from './names-rig.ts';
import { memoryOf, operations } from './rig.ts';

const names: Names = {
  web: { ipv4: ['10.9.0.2', '10.9.0.3'], ipv6: ['fd00::2'] },
  db: { ipv4: ['10.9.0.4'] },
  'web.net': { ipv4: ['10.9.0.2'] },
};
const serve = (path: string, view = viewOf(names)) => serving(path, () => view);

describe('a container with names', () => {
  test('finds addresses, names and that there are none, by dig and both transports', async () => {
    await using rig = new NamesRig();
    await using _server = await serve(rig.path);
    expect(statSync(rig.path).mode & 0o777).toBe(0o600);
    const c = await rig.container();
    const short = async (...argv: string[]) =>
      (await c.dig('+short', ...argv)).stdout.trim().split('\n').sort();
    expect(await short('web')).toEqual(['10.9.0.2', '10.9.0.3']);
    expect(await short('+tcp', 'WEB.', 'A', 'db', 'A')).toEqual(['10.9.0.2', '10.9.0.3', '10.9.0.4']);
    expect(await short('web', 'AAAA')).toEqual(['fd00::2']);
    expect(await short('-x', '10.9.0.4')).toEqual(['db.net.']);
    expect(await short('-x', 'fd00::2')).toEqual(['web.net.']);
    const none = await c.ask('db', 'AAAA');
    expect([rcodeOf(none), dataOf(none)]).toEqual([0, []]);
    expect(rcodeOf(await c.ask('elsewhere.example'))).toBe(2);
  });

  test('is asked for by getent, as programs do', async () => {
    await using rig = new NamesRig();
    await using _server = await serve(rig.path);
    const c = await rig.container();
    const script = 'mount --bind "$0" /etc/resolv.conf && exec getent ahosts web';
    await Bun.write(`${rig.dir}/resolv.conf`, 'nameserver 127.0.0.11\noptions ndots:0\n');
    const { stdout } = await command([
      ...[...c.prefix, 'unshare', '-m', 'sh', '-c', script],
      `${rig.dir}/resolv.conf`,
    ]);
    for (const address of ['10.9.0.2', '10.9.0.3', 'fd00::2']) expect(stdout).toContain(address);
  });

  test('can have a name server of its own on every port 53', async () => {
    await using rig = new NamesRig();
    await using _server = await serve(rig.path);
    const c = await rig.container();
    const own = Bun.spawn(
      [
        ...c.prefix,
        'dnsmasq',
        '-k',
        '-C',
        '/dev/null',
        '-u',
        'root',
        '-x',
        '',
        '-R',
        '-h',
        '-A',
        '/own/10.1.1.1',
      ],
      { stderr: 'pipe' },
    );
    try {
      await eventually(
        async () =>
          (await command([...c.prefix, 'dig', '@127.0.0.1', '+short', 'own'])).stdout === '10.1.1.1\n',
        'its own server answers',
      );
      expect((await c.dig('+short', 'db')).stdout).toBe('10.9.0.4\n');
      expect((await c.dig('+short', '+tcp', 'db')).stdout).toBe('10.9.0.4\n');
    } finally {
      own.kill('SIGKILL');
      await own.exited;
    }
  });

  test('keeps them when it flushes its packet filter', async () => {
    await using rig = new NamesRig();
    await using _server = await serve(rig.path);
    const c = await rig.container();
    expect((await command([...c.prefix, 'nft', 'flush', 'ruleset'])).code).toBe(0);
    expect((await command([...c.prefix, 'nft', 'delete', 'table', 'ip', 'gantry-names'])).code).not.toBe(0);
    expect(dataOf(await c.ask('db'))).toEqual(['10.9.0.4']);
  });

  test('has them before its process runs', async () => {
    await using rig = new NamesRig();
    await using _server = await serve(rig.path);
    const c = await rig.start(networked(['dig', '@127.0.0.11', '+short', 'db']), {
      namesPath: rig.path,
    });
    await c.until('exited');
    expect(c.log().map(({ log }) => log)).toEqual(['10.9.0.4\n']);
  });
});

describe('many at once', () => {
  const idsOf = (answers: Buffer[]) => answers.map((answer) => answer.readUInt16BE(0)).sort((a, b) => a - b);

  test('the same id in different sockets is not confused', async () => {
    await using rig = new NamesRig();
    await using _server = await serve(rig.path);
    const c = await rig.container();
    const [first, second, third] = [await c.mouth('udp'), await c.mouth('udp'), await c.mouth('tcp')];
    first.send(queryFor('web', 'AAAA', 7));
    second.send(queryFor('db', 'A', 7));
    third.send(queryFor('web.net', 'A', 7));
    expect(dataOf(await first.answer(7))).toEqual(['fd00::2']);
    expect(dataOf(await second.answer(7))).toEqual(['10.9.0.4']);
    expect(dataOf(await third.answer(7))).toEqual(['10.9.0.2']);
  });

  test('several queries on one connection, one of them in pieces, and a half-close behind them', async () => {
    await using rig = new NamesRig();
    await using _server = await serve(rig.path);
    const c = await rig.container();
    const mouth = await c.mouth('tcp');
    for (let id = 1; id <= 40; id++) mouth.send(queryFor('db', 'A', id));
    const last = queryFor('web', 'A', 41);
    const framed = Buffer.concat([Buffer.from([0, last.length]), last]);
    for (const piece of [framed.subarray(0, 1), framed.subarray(1, 9), framed.subarray(9)]) {
      mouth.sendRaw(piece);
      await Bun.sleep(30);
    }
    mouth.end();
    await mouth.until(() => mouth.ended, 'the connection is over');
    expect(idsOf(mouth.messages())).toEqual(Array.from({ length: 41 }, (_, i) => i + 1));
  });

  test('seventeen connections: the one that was silent for longest makes room', async () => {
    await using rig = new NamesRig();
    await using _server = await serve(rig.path);
    const c = await rig.container();
    const mouths: Mouth[] = [];
    for (let i = 0; i < 17; i++) {
      mouths.push(await c.mouth('tcp'));
      await Bun.sleep(5);
    }
    await mouths[0]?.until(() => mouths[0]?.ended === true, 'the first is let go');
    mouths[16]?.send(queryFor('db', 'A', 3));
    expect(dataOf((await mouths[16]?.answer(3)) ?? decode(Buffer.alloc(12)))).toEqual(['10.9.0.4']);
    expect(mouths.filter(({ ended }) => ended).length).toBe(1);
  });
});

describe('long answers', () => {
  const many: Names = { all: { ipv4: Array.from({ length: 200 }, (_, i) => `10.8.0.${i}`) } };

  test('are cut for datagrams of 512 bytes or what EDNS says, whole by TCP', async () => {
    await using rig = new NamesRig();
    await using _server = await serve(rig.path, viewOf(many));
    const c = await rig.container();
    const plain = await c.ask('all');
    expect([plain.flag_tc, (plain.answers ?? []).length]).toEqual([true, 25]);
    const mouth = await c.mouth('udp');
    mouth.send(queryFor('all', 'A', 9, [opt(1232)]));
    const larger = await mouth.answer(9);
    expect([larger.flag_tc, (larger.answers ?? []).length]).toEqual([true, 63]);
    expect((await c.ask('all', 'A', 'tcp')).answers?.length).toBe(200);
    expect((await c.dig('+short', 'all')).stdout.trim().split('\n').length).toBe(200);
  });
});

describe('serveNames', () => {
  async function inside(c: Asking): Promise<string> {
    return (await command([...c.prefix, 'ss', '-Hlntu'])).stdout;
  }

  test('begins it in a running container, as often as one likes', async () => {
    await using rig = new NamesRig();
    await using _server = await serve(rig.path);
    const c = await rig.container({ namesPath: '' });
    expect(await inside(c)).toBe('');
    for (let i = 0; i < 3; i++) await c.launched.client.serveNames(rig.path);
    expect((await inside(c)).trim().split('\n').length).toBe(2);
    expect(dataOf(await c.ask('db'))).toEqual(['10.9.0.4']);
  });

  test('changes the path', async () => {
    await using rig = new NamesRig();
    await using _server = await serve(`${rig.dir}/other`);
    const c = await rig.container();
    await c.launched.client.serveNames(`${rig.dir}/other`);
    expect(dataOf(await c.ask('db'))).toEqual(['10.9.0.4']);
  });

  test('refuses paths that cannot be', async () => {
    await using rig = new NamesRig();
    const { launched } = await rig.container({ namesPath: '' });
    expect(launched.client.serveNames('')).rejects.toThrow('Invalid argument');
    expect(launched.client.serveNames(`/${'x'.repeat(200)}`)).rejects.toThrow('names: the path');
  });
});

describe('the shim', () => {
  test.each([
    [
      'a path that is too long',
      networked(['sleep', '9']),
      'x'.repeat(200),
      "names: the path of the daemon's socket",
    ],
    [
      "the host's network",
      operations(['sleep', '9']),
      '/s',
      'names: the container has no network of its own',
    ],
  ])('says why a container cannot start: %s', async (_, list, namesPath, detail) => {
    await using rig = new NamesRig();
    const c = await rig.start(list, { namesPath });
    expect((await c.until('failed')).detail).toBe(detail);
    await c.gone;
    expect(existsSync(c.launch.socketPath)).toBe(false);
  });

  test('lets go of the network namespace with the process, while a client still drains its output', async () => {
    await using rig = new NamesRig();
    await using _server = await serve(rig.path);
    const c = await rig.container({ expectAttach: 0 }, ['sh', '-c', 'sleep 0.5; yes | head -c 3000000']);
    expect(dataOf(await c.ask('db'))).toEqual(['10.9.0.4']);
    const stream = await c.launched.client.attach({ stdin: false, stdout: true, stderr: true, hold: true });
    await Bun.sleep(300);
    await c[Symbol.asyncDispose]();
    await c.launched.client.signal('', 9);
    await c.launched.until('exited');
    const sockets = await command(['ls', '-l', `/proc/${c.launched.shim.pid}/fd`]);
    expect(sockets.stdout).not.toContain('NETLINK');
    stream.close();
  });

  test('is as small as without names until somebody asks', async () => {
    await using rig = new NamesRig();
    await using _server = await serve(rig.path);
    const [without, idle, asked] = [
      await rig.container({ namesPath: '' }),
      await rig.container(),
      await rig.container(),
    ];
    for (let i = 0; i < 20; i++) await asked.ask('db');
    await Bun.sleep(1200);
    const sizes = [without, idle, asked].map(({ launched }) => memoryOf(launched.shim.pid));
    if (process.env.VERBOSE) console.log('KiB without names, with, asked:', sizes);
    for (const size of sizes) expect(size).toBeLessThan(1024);
  });
});
