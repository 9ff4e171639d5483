/** Names of the world: from inside a container, by its shim and the name server, to real and to misbehaving servers. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import type { NameView } from '../../src/networks/dns/model.ts';
import { dataOf, NamesRig, opt, queryFor, rcodeOf, serving, viewOf } from './names-rig.ts';
import { answerTo, Dnsmasq, freshAddress, Puppet } from './names-world.ts';

const text = (size: number) => 'x'.repeat(250).repeat(Math.ceil(size / 250));
/** `size` bytes in strings of 250. */
const txt = (name: string, size: number) =>
  `--txt-record=${name},${(text(size).match(/.{250}/g) ?? []).join(',')}`;

let real: Dnsmasq;
beforeAll(async () => {
  real = await Dnsmasq.start([
    '--host-record=www.world.test,192.0.2.80,2001:db8::80',
    '--cname=alias.world.test,www.world.test',
    '--mx-host=world.test,mail.world.test,10',
    '--srv-host=_sip._tcp.world.test,sip.world.test,5060',
    '--ptr-record=80.2.0.192.in-addr.arpa,www.world.test',
    txt('kilo.world.test', 1000),
    txt('three.world.test', 3000),
    txt('ten.world.test', 10_000),
  ]);
});
afterAll(async () => {
  await real[Symbol.asyncDispose]();
});

function serve(path: string, upstream: readonly string[] | null, rest: Partial<NameView> = {}) {
  const view = viewOf({ db: { ipv4: ['10.9.0.4'] } }, { upstream, ...rest });
  return serving(path, () => view);
}

describe('a real server', () => {
  test('answers what is not local: every type, CNAME, NXDOMAIN', async () => {
    await using rig = new NamesRig();
    await using _server = await serve(rig.path, [real.address]);
    const c = await rig.container();
    const short = async (...argv: string[]) => (await c.dig('+short', ...argv)).stdout.trim();
    expect(await short('www.world.test')).toBe('192.0.2.80');
    expect(await short('+tcp', 'www.world.test', 'AAAA')).toBe('2001:db8::80');
    expect(await short('alias.world.test')).toBe('www.world.test.\n192.0.2.80');
    expect(await short('world.test', 'MX')).toBe('10 mail.world.test.');
    expect(await short('_sip._tcp.world.test', 'SRV')).toBe('0 0 5060 sip.world.test.');
    expect(await short('-x', '192.0.2.80')).toBe('www.world.test.');
    expect(await short('db')).toBe('10.9.0.4');
    expect(rcodeOf(await c.ask('none.world.test'))).toBe(3);
  });

  test('has long answers: cut for datagrams, whole by TCP', async () => {
    await using rig = new NamesRig();
    await using _server = await serve(rig.path, [real.address]);
    const c = await rig.container();
    const cut = await c.ask('kilo.world.test', 'TXT');
    expect([cut.flag_tc, cut.answers?.length]).toEqual([true, 0]);
    const mouth = await c.mouth('udp');
    mouth.send(queryFor('three.world.test', 'TXT', 5, [opt(4096)]));
    expect((await mouth.answer(5)).flag_tc).toBe(false);
    expect(mouth.got[0]?.length).toBeGreaterThan(3000);
    for (const size of ['kilo', 'three', 'ten']) {
      const { stdout } = await c.dig('+short', `${size}.world.test`, 'TXT');
      expect(stdout.match(/x{250}/g)?.length).toBe({ kilo: 4, three: 12, ten: 40 }[size] ?? 0);
    }
  });

  test('is not asked for names without a dot where the container has ndots', async () => {
    await using rig = new NamesRig();
    using puppet = await Puppet.start((query) => [answerTo(query, 3)]);
    const server = await serve(rig.path, [puppet.address], { keepsBareNames: true });
    const c = await rig.container();
    expect(rcodeOf(await c.ask('bare'))).toBe(0);
    expect(puppet.heard.length).toBe(0);
    await server.close();
    await using _forwarding = await serve(rig.path, [puppet.address]);
    expect(rcodeOf(await c.ask('other'))).toBe(3);
    expect(puppet.heard.length).toBe(1);
  });
});

describe('a container of internal networks only', () => {
  test('gets SERVFAIL, and nothing leaves the host (CVE-2024-29018)', async () => {
    await using rig = new NamesRig();
    await using _server = await serve(rig.path, null);
    const c = await rig.container();
    const start = performance.now();
    const kinds = ['udp', 'tcp'] as const;
    for (const kind of kinds) expect(rcodeOf(await c.ask('exfiltrated.example', 'TXT', kind))).toBe(2);
    expect(dataOf(await c.ask('db'))).toEqual(['10.9.0.4']);
    expect(performance.now() - start).toBeLessThan(1000);
  });
});

describe('bad servers', () => {
  const ok = (query: Buffer) => [answerTo(query, 0)];

  test('nobody there, SERVFAIL, REFUSED: the next one is asked at once', async () => {
    using failing = await Puppet.start((query) => [answerTo(query, 2)]);
    using refusing = await Puppet.start((query) => [answerTo(query, 5)]);
    for (const first of [freshAddress(), failing.address, refusing.address]) {
      await using rig = new NamesRig();
      await using _server = await serve(rig.path, [first, real.address]);
      const c = await rig.container();
      const start = performance.now();
      expect(dataOf(await c.ask('www.world.test'))).toEqual(['192.0.2.80']);
      expect(performance.now() - start).toBeLessThan(1500);
    }
  });

  test('silence costs two seconds, once', async () => {
    await using rig = new NamesRig();
    using silent = await Puppet.start();
    await using _server = await serve(rig.path, [silent.address, real.address]);
    const c = await rig.container();
    const start = performance.now();
    expect(dataOf(await c.ask('www.world.test'))).toEqual(['192.0.2.80']);
    expect(performance.now() - start).toBeGreaterThan(1900);
    const again = performance.now();
    expect(dataOf(await c.ask('www.world.test'))).toEqual(['192.0.2.80']);
    expect(performance.now() - again).toBeLessThan(1500);
    expect(silent.heard.length).toBe(1);
  });

  test('one that is alone and silent means SERVFAIL before the client gives up', async () => {
    await using rig = new NamesRig();
    using silent = await Puppet.start();
    await using _server = await serve(rig.path, [silent.address]);
    const c = await rig.container();
    expect(rcodeOf(await c.ask('www.world.test', 'A', 'udp', 4800))).toBe(2);
    expect(silent.heard.length).toBe(2);
  });

  test('forged answers are passed over', async () => {
    await using rig = new NamesRig();
    using puppet = await Puppet.start((query) => [
      answerTo(query, 3, (bytes) => bytes.writeUInt16BE(bytes.readUInt16BE(0) ^ 0x8000, 0)),
      answerTo(query, 3, (bytes) => bytes.write('evil', 13)),
      Buffer.from(query),
      Buffer.alloc(3),
      answerTo(query, 0),
    ]);
    await using _server = await serve(rig.path, [puppet.address]);
    expect(rcodeOf(await (await rig.container()).ask('good.example'))).toBe(0);
  });

  test('queries go on as they came but for the id, from another port each time', async () => {
    await using rig = new NamesRig();
    using puppet = await Puppet.start(ok);
    await using _server = await serve(rig.path, [puppet.address]);
    const c = await rig.container();
    const mouth = await c.mouth('udp');
    const query = queryFor('CaSe.example', 'AAAA', 7, [opt(1400)]);
    mouth.send(query);
    expect((await mouth.answer(7)).additionals?.length).toBe(1);
    expect(puppet.heard.map((bytes) => bytes.subarray(2))).toEqual([query.subarray(2)]);
    for (let id = 8; id < 28; id++) {
      mouth.send(queryFor('other.example', 'A', id));
      await mouth.answer(id);
    }
    expect(new Set(puppet.ports).size).toBeGreaterThan(15);
    expect(new Set(puppet.heard.map((bytes) => bytes.readUInt16BE(0))).size).toBeGreaterThan(15);
  });
});

test('answers of the world, too, are kept for when the daemon is away', async () => {
  await using rig = new NamesRig();
  const server = await serve(rig.path, [real.address]);
  const c = await rig.container();
  for (const name of ['alias.world.test', 'none.world.test']) await c.ask(name);
  await server.close();
  expect(dataOf(await c.ask('alias.world.test'))).toContain('192.0.2.80');
  expect(rcodeOf(await c.ask('none.world.test'))).toBe(3);
});
