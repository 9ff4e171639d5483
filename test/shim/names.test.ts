import { describe, expect, test } from 'bun:test';
import { readdirSync, readlinkSync } from 'node:fs';
import { emptyResponse } from '../../src/networks/dns/message.ts';
import { eventually } from '../rig/command.ts';
import { Names } from './names.ts';
import { memoryOf } from './rig.ts';

describe('names at 127.0.0.11', () => {
  test('by UDP and TCP, for the container that asks', async () => {
    await using names = new Names();
    await names.serve();
    const box = await names.start();
    expect(await box.dig('db')).toBe('NOERROR 10.0.0.5');
    expect(await box.dig('+tcp', 'db')).toBe('NOERROR 10.0.0.5');
    expect(await box.dig('+tcp', '+keepopen', 'db', 'web')).toBe('NOERROR 10.0.0.5 10.0.0.5');
    expect(await box.dig('nowhere')).toBe('SERVFAIL');
    expect([...names.askers]).toEqual([box.launched.launch.id]);
  });

  test('the shim stays where it was, and leaves the namespace with the container', async () => {
    await using names = new Names();
    await names.serve();
    const box = await names.start();
    const shim = box.launched.shim.pid;
    expect(readlinkSync(`/proc/${shim}/ns/net`)).toBe(readlinkSync('/proc/self/ns/net'));
    expect(readlinkSync(`/proc/${box.pid}/ns/net`)).not.toBe(readlinkSync('/proc/self/ns/net'));
    await box.dig('db');
    const sockets = () => readdirSync(`/proc/${shim}/fd`).length;
    const before = sockets();
    await eventually(async () => sockets() <= before, 'client connections are closed');
    await box.launched.client.signal('', 9);
    await box.launched.until('exited');
    await box.launched.gone;
  });

  test('on request, once the container runs', async () => {
    await using names = new Names();
    await names.serve();
    const box = await names.start('');
    expect(await box.dig('db')).toBe('timeout');
    await box.launched.client.serveNames(names.path);
    await box.launched.client.serveNames(names.path);
    expect(await box.dig('db')).toBe('NOERROR 10.0.0.5');
  });

  test('a path that is too long is refused, and the container does not start', async () => {
    await using names = new Names();
    const launched = await names.start(`/${'x'.repeat(120)}`).catch((error) => String(error));
    expect(launched).toContain('serving names at 127.0.0.11');
  });
});

describe('while the daemon is away', () => {
  test('what was answered is answered again, in the spelling of the question', async () => {
    await using names = new Names();
    await names.serve();
    const box = await names.start();
    await box.dig('db');
    await names.away();
    expect(await box.dig('db')).toBe('NOERROR 10.0.0.5');
    expect((await box.run(['dig', '@127.0.0.11', '+tries=1', 'DB'])).stdout).toContain(';DB.');
    expect(await box.dig('+tcp', 'db')).toBe('NOERROR 10.0.0.5');
  });

  test('any other question waits for it', async () => {
    await using names = new Names();
    const box = await names.start();
    const waiting = box.dig('web');
    await Bun.sleep(1000);
    await names.serve();
    expect(await waiting).toBe('NOERROR 10.0.0.5');
  });

  test('and fails in the end', async () => {
    await using names = new Names();
    const box = await names.start();
    expect(await box.dig('web')).toBe('SERVFAIL');
  });

  test('what it was asked when it died is asked again', async () => {
    await using names = new Names();
    let asked = 0;
    names.ask = () => {
      asked++;
      return new Promise(() => {});
    };
    await names.serve();
    const box = await names.start();
    const waiting = box.dig('slow.example');
    await eventually(async () => asked === 1, 'it is asked');
    await names.away();
    names.ask = async (_, query) => emptyResponse(query, 0);
    await names.serve();
    expect(await waiting).toBe('NOERROR');
  });
});

/** Sends datagrams from one socket and counts answers by id; `done` in the environment of the script ends it. */
const client = (send: string, until: string, wait = 3000): string => `
  const answers = [];
  const s = await Bun.udpSocket({ connect: { hostname: '127.0.0.11', port: 53 }, socket: { data: (_, d) => answers.push(d) } });
  const query = (id, name) => Buffer.concat([Buffer.of(id >> 8, id & 255, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0), ...name.split('.').map((l) => Buffer.from([l.length, ...Buffer.from(l)])), Buffer.of(0, 0, 1, 0, 1)]);
  ${send}
  const end = Date.now() + ${wait};
  while (!(${until}) && Date.now() < end) await Bun.sleep(10);
  console.log(JSON.stringify({ count: answers.length, ids: [...new Set(answers.map((a) => a.readUInt16BE(0)))].slice(0, 3) }));
  process.exit();`;

describe('hostile containers', () => {
  test('the same id from different sockets', async () => {
    await using names = new Names();
    await names.serve();
    const box = await names.start();
    const script = client("for (let i = 0; i < 5; i++) s.send(query(7, 'db'));", 'answers.length === 5');
    const results = await Promise.all([box.script(script), box.script(script)]);
    expect(results.map((text) => JSON.parse(text))).toEqual([
      { count: 5, ids: [7] },
      { count: 5, ids: [7] },
    ]);
  });

  test('rubbish is not answered, and hurts nobody', async () => {
    await using names = new Names();
    await names.serve();
    const box = await names.start();
    const rubbish = `
      for (const size of [0, 1, 11, 12, 16, 600, 5000, 65000]) { try { s.send(Buffer.alloc(size, 0xff)); } catch {} }
      for (let i = 0; i < 200; i++) s.send(crypto.getRandomValues(new Uint8Array(1 + i)));
      s.send(Buffer.concat([query(9, 'db').subarray(0, 12), Buffer.alloc(300, 63)]));`;
    await box.script(client(rubbish, 'false', 500));
    const tcp = `
      const net = require('node:net');
      for (const bytes of [[0xff, 0xff, 1], [0, 0, 0, 0], [0, 3, 1, 2, 3], [0]]) net.connect(53, '127.0.0.11').on('error', () => {}).write(Buffer.from(bytes));
      for (let i = 0; i < 100; i++) net.connect(53, '127.0.0.11').on('error', () => {});
      setTimeout(() => process.exit(), 500);`;
    await box.script(tcp);
    expect(await box.dig('db')).toBe('NOERROR 10.0.0.5');
    expect(await box.dig('+tcp', 'db')).toBe('NOERROR 10.0.0.5');
  });

  test('a flood of questions that nobody answers costs a bounded amount of memory', async () => {
    await using names = new Names();
    names.ask = () => new Promise(() => {});
    await names.serve();
    const box = await names.start();
    await box.script(
      client(
        "for (let i = 0; i < 20000; i++) { s.send(query(i & 0xffff, 'a' + i + '.example')); if (i % 100 === 0) await Bun.sleep(0); }",
        'true',
      ),
    );
    expect(memoryOf(box.launched.shim.pid)).toBeLessThan(2048);
    // Their slots are free again when they have failed.
    await eventually(async () => (await box.dig('db')) === 'NOERROR 10.0.0.5', 'names resolve again', 15_000);
  });
});
