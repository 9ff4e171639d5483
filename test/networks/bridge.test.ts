import { afterEach, describe, expect, test } from 'bun:test';
import { createServer } from 'node:net';
import { openDatabase } from '../../src/lib/database.ts';
import { linkExists } from '../../src/linux/routes.ts';
import { tableName } from '../../src/networks/networks.ts';
import { command, eventually } from '../rig/command.ts';
import {
  Box,
  here,
  inHost,
  inNamespace,
  isInside,
  joinRequest,
  on,
  openService,
  outside,
  tcp,
  udp,
  world,
  worldCommand,
} from './rig.ts';

const table = tableName('gnt0');
const nft = async (...argv: string[]) => (await command(['nft', ...argv])).stdout;

if (!isInside) test('the bridge, in a namespace of its own', () => inNamespace(import.meta.path), 120_000);

async function opened(options: Parameters<typeof openService>[0] = {}) {
  const parts = openService(options);
  await parts.service.open();
  return parts;
}

async function fresh(options: Parameters<typeof openService>[0] = {}) {
  const parts = await opened(options);
  await parts.service.recover([]);
  return parts;
}

// A failed test must not make the others fail.
if (isInside)
  afterEach(async () => {
    await command(['ip', 'link', 'del', 'gnt0']);
    await command(['nft', 'flush', 'ruleset']);
  });

describe.if(isInside)('bridge', () => {
  test('comes up with an address that collides with nothing, and goes with the daemon', async () => {
    const { service } = await fresh();
    const subnet = (await service.get('bridge')).ipam.config[0]?.subnet;
    expect(subnet).toBe('172.17.0.0/16');
    expect(service.hostGateway()).toBe('172.17.0.1');
    expect((await command(['ip', '-4', '-o', 'addr', 'show', 'gnt0'])).stdout).toContain('172.17.0.1/16');
    expect(await Bun.file('/proc/sys/net/ipv4/ip_forward').text()).toBe('1\n');
    expect(await Bun.file('/proc/sys/net/ipv6/conf/gnt0/disable_ipv6').text()).toBe('1\n');
    expect(await nft('list', 'tables')).toBe(`table inet ${table}\n`);

    const second = await fresh({ bridge: 'gnt1' });
    expect((await second.service.get('bridge')).ipam.config[0]?.subnet).toBe('172.18.0.0/16');
    await second.service.close();
    await service.close();
    expect(linkExists('gnt0')).toBe(false);
    expect(await nft('list', 'tables')).toBe('');
  });

  test('a host that did not forward does not become a router', async () => {
    await Bun.write('/proc/sys/net/ipv4/ip_forward', '0');
    const lan = `gnt-lan${process.pid}`;
    await using cleanup = new AsyncDisposableStack();
    cleanup.defer(async () => void (await ip('netns', 'del', lan)));
    const ip = (...argv: string[]) => command(['ip', ...argv]);
    await ip('netns', 'add', lan);
    await ip('link', 'add', 'lan0', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', lan);
    await ip('addr', 'add', '10.98.0.1/24', 'dev', 'lan0');
    await ip('link', 'set', 'lan0', 'up');
    for (const line of [
      'addr add 10.98.0.2/24 dev eth0',
      'link set eth0 up',
      'route add default via 10.98.0.1',
    ])
      await ip('-n', lan, ...line.split(' '));
    await worldCommand(['ip', 'route', 'add', '10.98.0.0/24', 'via', here]);
    const reach = () => outside(tcp('10.98.0.2', 80));
    const { service } = await fresh();
    expect(await Bun.file('/proc/sys/net/ipv4/ip_forward').text()).toBe('1\n');
    expect(await reach()).toBe('silence');
    await using box = await Box.start(service, {
      portBindings: { '80/tcp': [{ hostIp: '', hostPort: '8080' }] },
    });
    expect(await outside(tcp(here, 8080))).toBe(world);
    expect(await box.run(tcp('10.98.0.2', 80))).toBe('refused');
    await nft('delete', 'table', 'inet', 'gantry-forwarding');
    expect(await reach()).toBe('refused');
  });

  test('keeps its address and ids over restarts; a bridge of the administrator stays', async () => {
    await command(['ip', 'link', 'add', 'gnt0', 'type', 'bridge']);
    await command(['ip', 'addr', 'add', '10.77.0.1/24', 'dev', 'gnt0']);
    const db = openDatabase(':memory:');
    const first = await fresh({ db });
    const before = await first.service.list();
    expect(before.find(({ name }) => name === 'bridge')?.ipam.config[0]).toEqual({
      subnet: '10.77.0.0/24',
      gateway: '10.77.0.1',
      ipRange: '',
      auxiliary: {},
    });
    await first.service.close();
    expect(linkExists('gnt0')).toBe(true);
    await command(['ip', 'link', 'del', 'gnt0']);
    const second = await fresh({ db });
    expect(await second.service.list()).toEqual(before);
    await second.service.close();
    const moved = await fresh({ db, bip: '10.78.0.9/24' });
    expect(moved.service.hostGateway()).toBe('10.78.0.9');
    await moved.service.close();
  });

  test('a published port answers from everywhere, with the source address kept', async () => {
    const { service, events } = await fresh();
    {
      await using box = await Box.start(service, {
        portBindings: {
          '80/tcp': [{ hostIp: '', hostPort: '8080' }],
          '53/udp': [{ hostIp: '', hostPort: '5353' }],
        },
      });
      await using other = await Box.start(service);
      expect(await outside(tcp(here, 8080))).toBe(world);
      expect(await outside(udp(here, 5353))).toBe(world);
      expect(await inHost(tcp(here, 8080))).toBe(here);
      expect(await inHost(tcp('127.0.0.1', 8080))).toBe('172.17.0.1');
      expect(await inHost(udp('127.0.0.1', 5353))).toBe('172.17.0.1');
      expect(await inHost(tcp('172.17.0.1', 8080))).toBe('172.17.0.1');
      expect(await inHost(tcp(box.address, 80))).toBe('172.17.0.1');
      // Hairpin: a container to itself and to its neighbour, by the host's address.
      expect(await box.run(tcp(here, 8080))).toBe('172.17.0.1');
      expect(await box.run(udp(here, 5353))).toBe('172.17.0.1');
      expect(await other.run(tcp(here, 8080))).toBe('172.17.0.1');
      expect(await other.run(tcp('172.17.0.1', 8080))).toBe('172.17.0.1');
      expect(await other.run(tcp(box.address, 80))).toBe(other.address);
      expect(await inHost(tcp('127.0.0.1', 8081))).toBe('refused');
      expect(await nft('list', 'map', 'inet', table, 'anywhere4')).toContain(
        `tcp . 8080 : ${box.address} . 80`,
      );
    }
    expect(events).toEqual([
      'network connect bridge',
      'network connect bridge',
      'network disconnect bridge',
      'network disconnect bridge',
    ]);
    expect(await nft('list', 'map', 'inet', table, 'anywhere4')).not.toContain('8080');
    expect(await outside(tcp(here, 8080))).toBe('refused');
    await eventually(async () => !/veth/.test((await command(['ip', 'link'])).stdout), 'the links are gone');
    await service.close();
  });

  test('on loopback only: neither neighbours nor containers get in', async () => {
    const { service } = await fresh();
    await using box = await Box.start(service, {
      portBindings: { '80/tcp': [{ hostIp: '127.0.0.1', hostPort: '8080' }] },
    });
    expect(await inHost(tcp('127.0.0.1', 8080))).toBe('172.17.0.1');
    expect(await outside(tcp(here, 8080))).toBe('refused');
    expect(await inHost(tcp('127.0.0.2', 8080))).toBe('refused');
    // A neighbour that routes 127.0.0.1 (or forges such packets) to us, and a container that does.
    const forge = ['ip', 'route', 'add', '127.9.9.9', 'via', here];
    await worldCommand(forge);
    expect(await box.run(tcp('172.17.0.1', 8080))).toBe('refused');
    await box.command(['sysctl', '-qw', 'net.ipv4.conf.all.route_localnet=1']);
    await box.command(['ip', 'addr', 'del', '127.0.0.1/8', 'dev', 'lo']);
    await box.command(['ip', 'route', 'add', '127.0.0.1', 'via', '172.17.0.1']);
    const server = createServer((socket) => socket.end('secret'));
    await new Promise<void>((resolve) => server.listen(9999, '127.0.0.1', resolve));
    expect(await box.run(tcp('127.0.0.1', 9999))).toBe('silence');
    server.close();
  });

  test('what is not published cannot be reached from outside, the world can be reached from inside', async () => {
    const { service } = await fresh({ bip: '10.99.7.1/24' });
    {
      await using box = await Box.start(service);
      await worldCommand(['ip', 'route', 'add', '10.99.7.0/24', 'via', here]);
      expect(await inHost(tcp(box.address, 80))).toBe('10.99.7.1');
      expect(await outside(tcp(box.address, 80))).toBe('silence');
      const server = `
        const { spawn } = require('node:child_process');
        Bun.listen({ hostname: '0.0.0.0', port: 7654, socket: { open(s) { console.log(s.remoteAddress); s.end('x'); setTimeout(() => process.exit(), 50); }, data() {} } });
        setTimeout(() => process.exit(), 5000);`;
      const seen = outside(server);
      await Bun.sleep(300);
      expect(await box.run(tcp(world, 7654))).toBe('x');
      expect(await seen).toBe(here);
      const link = await box.command(['ip', '-o', 'addr', 'show', 'eth0']);
      expect(link).toContain(`${box.address}/24`);
      expect(link).not.toContain('inet6');
      expect(await box.command(['ip', 'route'])).toContain('default via 10.99.7.1 dev eth0');
    }
    await service.close();
  });

  test('ports: ranges, chosen ones, and conflicts before anything starts', async () => {
    const { service } = await fresh();
    await using box = await Box.start(service, {
      portBindings: {
        '80/tcp': Array.from({ length: 3 }, (_, i) => ({ hostIp: '', hostPort: String(8000 + i) })),
        '53/udp': [{ hostIp: '', hostPort: '' }],
      },
    });
    expect(await outside(tcp(here, 8002))).toBe(world);
    const chosen = box.joined.ports.find(({ protocol }) => protocol === 'udp')?.hostPort ?? 0;
    expect(chosen).toBeGreaterThan(1023);
    expect(await outside(udp(here, chosen))).toBe(world);

    const taken = joinRequest({ portBindings: { '80/tcp': [{ hostIp: '', hostPort: '8000' }] } });
    await expect(service.join(taken)).rejects.toThrow(
      /^driver failed programming external connectivity on endpoint c\w+ \([0-9a-f]{64}\): Bind for 0\.0\.0\.0:8000 failed: port is already allocated$/,
    );
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(8500, '0.0.0.0', resolve));
    const foreign = joinRequest({ portBindings: { '80/tcp': [{ hostIp: '', hostPort: '8500' }] } });
    await expect(service.join(foreign)).rejects.toThrow(
      /failed to bind host port for 0\.0\.0\.0:8500:172\.17\.0\.\d+:80\/tcp: address already in use/,
    );
    server.close();
    const nowhere = joinRequest({
      portBindings: { '80/tcp': [{ hostIp: '198.51.100.1', hostPort: '1' }] },
    });
    await expect(service.join(nowhere)).rejects.toThrow('cannot assign requested address');
    const other = createServer();
    const error = await new Promise<NodeJS.ErrnoException>((resolve) => {
      other.once('error', resolve);
      other.listen(8001, '0.0.0.0');
    });
    expect(error.code).toBe('EADDRINUSE');
  });

  test('a range of a thousand ports is one element', async () => {
    const { service } = await fresh();
    const bindings = Object.fromEntries(
      Array.from({ length: 1000 }, (_, i) => [
        `${20000 + i}/tcp`,
        [{ hostIp: '', hostPort: String(20000 + i) }],
      ]),
    );
    const request = joinRequest({
      portBindings: { ...bindings, '80/tcp': [{ hostIp: '', hostPort: '80' }] },
    });
    await service.join(request);
    await service.publish(request.containerId);
    expect(await nft('list', 'map', 'inet', table, 'ranges4')).toContain('20000-20999');
    await service.release(request.containerId);
    expect(await nft('list', 'map', 'inet', table, 'ranges4')).not.toContain('20000');
  });

  test('survives the daemon, and a flushed ruleset', async () => {
    const db = openDatabase(':memory:');
    const { service } = await fresh({ db });
    await using box = await Box.start(service, {
      portBindings: { '80/tcp': [{ hostIp: '', hostPort: '8080' }] },
    });
    await command(['ip', 'link', 'add', 'veth0123456', 'master', 'gnt0', 'type', 'dummy']);

    const next = await opened({ db });
    expect(await outside(tcp(here, 8080))).toBe(world);
    const { containerId, containerName } = box.request;
    const { endpoints, ports } = box.joined;
    const [endpoint] = endpoints;
    if (!endpoint) throw new Error('no endpoint');
    await next.service.recover([
      {
        containerId,
        containerName,
        hostname: '',
        dnsServers: [],
        dnsOptions: [],
        endpoints,
        ports,
        inside: await box.inside(),
      },
    ]);
    expect(await outside(tcp(here, 8080))).toBe(world);
    expect(linkExists('veth0123456')).toBe(false);
    expect((await next.service.endpoints(endpoint.networkId)).map((e) => e.containerId)).toEqual([
      containerId,
    ]);
    const second = await next.service.join(joinRequest());
    expect(second.endpoints[0]?.ipAddress).not.toBe(box.address);
    const same = joinRequest({ portBindings: { '80/tcp': [{ hostIp: '', hostPort: '8080' }] } });
    await expect(next.service.join(same)).rejects.toThrow('port is already allocated');

    await command(['nft', 'flush', 'ruleset']);
    await using late = await Box.start(next.service, {
      portBindings: { '80/tcp': [{ hostIp: '', hostPort: '8088' }] },
    });
    expect(await outside(tcp(here, 8088))).toBe(world);
    expect(await outside(tcp(here, 8080))).toBe(world);
    expect(late.port).toBe(8088);
    await next.service.release(containerId);
    expect(await outside(tcp(here, 8088))).toBe(world);
  });

  test('a UDP client that never pauses reaches the next container too', async () => {
    const { service } = await fresh();
    const portBindings = { '53/udp': [{ hostIp: '', hostPort: '5353' }] } as const;
    // One socket: first nobody answers, then the first container, then the second.
    const client = outside(`
      let answers = 0;
      const s = await Bun.udpSocket({ connect: { hostname: '${here}', port: 5353 }, socket: { data() { answers++; }, error() {} } });
      const timer = setInterval(() => s.send('?'), 20);
      setTimeout(() => { answers = 0; }, 1200);
      setTimeout(() => { console.log(answers > 5 ? 'answered' : 'silence'); process.exit(); }, 1900);`);
    await Bun.sleep(250);
    const first = await Box.start(service, { portBindings: { '53/udp': [...portBindings['53/udp']] } });
    await Bun.sleep(250);
    await first[Symbol.asyncDispose]();
    await using second = await Box.start(service, {
      portBindings: { '53/udp': [...portBindings['53/udp']] },
    });
    expect(second.address).not.toBe(first.address);
    expect(await client).toBe('answered');
  });

  test('host and none; lookups; what a bridge refuses', async () => {
    const { service } = await fresh();
    const host = await service.join(joinRequest({ endpoints: [on('host')] }));
    expect(host.operations).toEqual([]);
    const none = await service.join(joinRequest({ endpoints: [on('none')] }));
    expect(none.operations.map(({ op }) => op)).toEqual(['sysctl', 'sysctl', 'link']);
    const { id } = await service.get('bridge');
    expect((await service.get(id.slice(0, 8))).name).toBe('bridge');
    await expect(service.get('nowhere')).rejects.toThrow('network nowhere not found');
    const own = joinRequest({ endpoints: [on('bridge', { ipv4Address: '172.17.0.9' })] });
    await expect(service.join(own)).rejects.toThrow(
      'user specified IP address is supported on user defined networks only',
    );
  });

  test('names resolve through the NAT', async () => {
    const { service } = await fresh();
    await using box = await Box.start(service);
    const { nameservers } = await service.resolver(false);
    const script = `
      const { Resolver } = require('node:dns').promises;
      const r = new Resolver({ timeout: 2000, tries: 2 });
      r.setServers(${JSON.stringify(nameservers)});
      console.log((await r.resolve4('deb.debian.org'))[0]); process.exit();`;
    const address = await box.run(script);
    expect(address).toMatch(/^\d+\.\d+\.\d+\.\d+$/);
    const head = await box.command([
      'curl',
      '-sI',
      '-m',
      '10',
      '-H',
      'Host: deb.debian.org',
      `http://${address}/debian/dists/bookworm/Release`,
    ]);
    expect(head).toContain('200');
  });
});
