import { describe, expect, test } from 'bun:test';
import { internal } from '../lib/errors.ts';
import { formatAddress } from '../lib/ip.ts';
import { connectivityError, HostPorts, type PortKernel } from './host-ports.ts';
import { type BindingDefaults, parseBindings, parseHostPorts, parsePortKey } from './port-spec.ts';

/** A host on which `busy` ports are bound by others. */
function fakeKernel(busy: number[] = [], budget = 1000) {
  const open = new Set<number>();
  let next = 3;
  const kernel: PortKernel = {
    hold: (_, __, port) => {
      if (busy.includes(port)) return 'EADDRINUSE';
      open.add(next);
      return next++;
    },
    drop: (socket) => void open.delete(socket),
    ephemeral: () => ({ first: 50000, last: 50003 }),
    budget,
  };
  return { kernel, open };
}

const want = (
  hostPort: string,
  hostIp = '',
  key: '80/tcp' | '80/udp' = '80/tcp',
  defaults: Partial<BindingDefaults> = {},
) => parseBindings({ [key]: [{ hostIp, hostPort }] }, { families: [4], hostAddress: '0.0.0.0', ...defaults });
const dual = (hostPort: string) => want(hostPort, '', '80/tcp', { families: [4, 6] });

describe('port specifications', () => {
  test('read', () => {
    expect(parsePortKey('53/udp')).toEqual({ containerPort: 53, protocol: 'udp' });
    expect(parseHostPorts('')).toBeNull();
    expect(parseHostPorts('0')).toBeNull();
    expect(parseHostPorts('8000-8010')).toEqual({ first: 8000, last: 8010 });
  });
  test('refused', () => {
    for (const bad of ['x', '8000-', '9-8', '65536', '1-2-3', '-1'])
      expect(() => parseHostPorts(bad)).toThrow(`invalid port specification: "${bad}"`);
    for (const bad of ['0/tcp', '80/tcp/x', 'http/tcp']) expect(() => parsePortKey(bad)).toThrow();
    expect(() => parsePortKey('80/quic')).toThrow('invalid proto: quic');
    expect(() => want('80', 'localhost')).toThrow('invalid IP address: localhost');
    expect(() => want('80', 'fd00::1')).toThrow(
      'cannot publish on fd00::1: the container has no IPv6 address',
    );
  });
  test('where a binding without an address goes', () => {
    const places = (defaults: Partial<BindingDefaults>, hostIp = '') =>
      want('80', hostIp, '80/tcp', defaults).map(({ hostAddresses }) => hostAddresses.map(formatAddress));
    expect(places({})).toEqual([['0.0.0.0']]);
    expect(places({ families: [4, 6] })).toEqual([['0.0.0.0', '::']]);
    expect(places({ families: [4, 6], hostAddress: '127.0.0.1' })).toEqual([['127.0.0.1']]);
    expect(places({ families: [6], hostAddress: '127.0.0.1' })).toEqual([]);
    expect(places({ families: [4, 6] }, 'fd00::1')).toEqual([['fd00::1']]);
    expect(() => places({ families: [4, 6] }, '::1')).toThrow('publish on 127.0.0.1');
  });
});

describe('host ports', () => {
  test('between containers, an address conflicts with itself and with all addresses', () => {
    const ports = new HostPorts(fakeKernel().kernel);
    expect(ports.claim('a', '172.17.0.2', want('8080'))).toEqual([
      { hostIp: '0.0.0.0', hostPort: 8080, containerPort: 80, protocol: 'tcp' },
    ]);
    const text = 'Bind for 127.0.0.1:8080 failed: port is already allocated';
    expect(() => ports.claim('b', '172.17.0.3', want('8080', '127.0.0.1'))).toThrow(text);
    ports.claim('b', '172.17.0.3', want('8080', '', '80/udp'));
    ports.release('a');
    ports.claim('c', '172.17.0.4', want('8080', '127.0.0.1'));
    ports.claim('d', '172.17.0.5', want('8080', '192.0.2.1'));
    expect(() => ports.claim('e', '172.17.0.6', want('8080'))).toThrow(
      'Bind for 0.0.0.0:8080 failed: port is already allocated',
    );
  });
  test('a process of the host is named differently', () => {
    const ports = new HostPorts(fakeKernel([8080]).kernel);
    expect(() => ports.claim('a', '172.17.0.2', want('8080'))).toThrow(
      'failed to bind host port for 0.0.0.0:8080:172.17.0.2:80/tcp: address already in use',
    );
  });
  test('ranges and chosen ports skip what is taken; chosen ones go round', () => {
    const ports = new HostPorts(fakeKernel([8000, 50001]).kernel);
    expect(ports.claim('a', '', want('8000-8002'))[0]?.hostPort).toBe(8001);
    expect(ports.claim('b', '', want('8000-8002'))[0]?.hostPort).toBe(8002);
    expect(() => ports.claim('c', '', want('8000-8002'))).toThrow('all ports are allocated');
    expect(ports.claim('d', '', want(''))[0]?.hostPort).toBe(50000);
    ports.release('d');
    expect(ports.claim('e', '', want(''))[0]?.hostPort).toBe(50002);
  });
  test('both families get the same port, or none', () => {
    const taken = fakeKernel();
    const ports = new HostPorts({
      ...taken.kernel,
      hold: (transport, address, port) =>
        address.family === 6 && port === 50000 ? 'EADDRINUSE' : taken.kernel.hold(transport, address, port),
    });
    const texts = ports.claim('a', '', dual('')).map(({ hostIp, hostPort }) => `${hostIp} ${hostPort}`);
    expect(texts).toEqual([':: 50001', '0.0.0.0 50001']);
    expect(taken.open.size).toBe(2);
    expect(() => ports.claim('b', '10.0.0.2', dual('50001'))).toThrow('Bind for 0.0.0.0:50001 failed');
    ports.claim('c', '', want('8080', 'fd00::1', '80/tcp', { families: [6] }));
    expect(() => ports.claim('d', '', dual('8080'))).toThrow('Bind for [::]:8080 failed');
    ports.release('a');
    ports.release('c');
    expect(taken.open.size).toBe(0);
  });
  test('some of them can be given back', () => {
    const { kernel, open } = fakeKernel();
    const ports = new HostPorts(kernel);
    const [first] = ports.claim('a', '', want('8080'));
    ports.claim('a', '', want('8081'));
    ports.drop('a', first ? [first] : []);
    expect(open.size).toBe(1);
    ports.claim('b', '', want('8080'));
    expect(() => ports.claim('a', '', [...want('9000'), ...want('8080')])).toThrow('already allocated');
    ports.claim('c', '', want('9000'));
  });
  test('a range leaves alone what another binding names', () => {
    const ports = new HostPorts(fakeKernel().kernel);
    const wanted = [...want('8000-8001'), ...want('8000', '', '80/tcp')];
    expect(ports.claim('a', '', wanted).map(({ hostPort }) => hostPort)).toEqual([8000, 8001]);
  });
  test('all or nothing, and every socket is closed', () => {
    const { kernel, open } = fakeKernel([81]);
    const ports = new HostPorts(kernel);
    expect(() => ports.claim('a', '', [...want('80'), ...want('81')])).toThrow();
    expect(open.size).toBe(0);
    ports.claim('b', '', want('80'));
    expect(open.size).toBe(1);
    ports.release('b');
    ports.release('b');
    expect(open.size).toBe(0);
  });
  test('beyond the budget, ports are in the table only', () => {
    const { kernel, open } = fakeKernel([], 2);
    const ports = new HostPorts(kernel);
    for (const port of [1, 2, 3]) ports.claim('a', '', want(String(port)));
    expect(open.size).toBe(2);
    expect(() => ports.claim('b', '', want('3'))).toThrow('already allocated');
    ports.release('a');
    expect(open.size).toBe(0);
  });
  test('adopting takes over and reports what was lost', () => {
    const ports = new HostPorts(fakeKernel([9000]).kernel);
    const running = [8080, 9000].map((hostPort) => ({
      hostIp: '0.0.0.0',
      hostPort,
      containerPort: 80,
      protocol: 'tcp' as const,
    }));
    expect(ports.adopt('a', running).map(({ hostPort }) => hostPort)).toEqual([9000]);
    expect(() => ports.claim('b', '', want('8080'))).toThrow('already allocated');
  });
  test("errors get Docker's wrapping", () => {
    expect(String(connectivityError('web', 'e1', internal('all ports are allocated')))).toContain(
      'driver failed programming external connectivity on endpoint web (e1): all ports are allocated',
    );
  });
});
