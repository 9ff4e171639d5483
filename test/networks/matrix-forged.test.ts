/** Whoever makes routes of its own, or lies about its address, gets no further than the matrix says. */
import { expect } from 'bun:test';
import { onStage } from './on-stage.ts';
import type { Place, Protocol } from './place.ts';
import { families, gateways, ports, type Stage, server } from './stage.ts';

/** A server of the host on its loopback only, one of the host for all, and one outside. */
const secret = 7100;
const trusting = 7200;
const world = 7300;

const protocols: readonly Protocol[] = ['tcp', 'udp'];

/** 127.0.0.1 and ::1 are somewhere else from now on (CVE-2020-8558). */
async function forgeLoopback(place: Place, via: { 4: string; 6: string }): Promise<void> {
  await place.run('sysctl -qw net.ipv4.conf.all.route_localnet=1');
  await place.run('ip addr del 127.0.0.1/8 dev lo');
  await place.run(`ip route add 127.0.0.1 via ${via[4]}`);
  await place.run('ip addr del ::1/128 dev lo');
  await place.run(`ip route add ::1 via ${via[6]}`);
}

async function expectSilence(
  place: Place,
  addresses: readonly string[],
  port: number | { tcp: number; udp: number },
) {
  const calls = addresses.flatMap((host) =>
    protocols.map(async (protocol) => {
      const number = typeof port === 'number' ? port : port[protocol];
      return [protocol, host, number, await place.call(protocol, host, number, 'silence')] as const;
    }),
  );
  for (const [protocol, host, number, said] of await Promise.all(calls))
    expect([protocol, host, number, said]).toEqual([protocol, host, number, 'silence']);
}

async function serveSecretly({ host }: Stage['places']): Promise<void> {
  for (const protocol of protocols)
    for (const address of ['127.0.0.1', '::1']) {
      await host.serve(protocol, secret, address);
      expect(await host.call(protocol, address, secret)).toBe(address);
    }
}

onStage('forged', (staged) => {
  staged('routes out of an internal network lead nowhere', async ({ places, neighbour }) => {
    const { recluse, colleague, outside } = places;
    for (const protocol of protocols) await outside.serve(protocol, world);
    for (const family of families)
      for (const protocol of protocols)
        expect(await colleague.call(protocol, neighbour.addresses[family], world)).toBe(
          neighbour.hostAddresses[family],
        );
    const seen = await outside.callers();
    for (const family of families)
      await recluse.run(`ip route replace default via ${gateways('vault')[family]}`);
    await expectSilence(recluse, Object.values(neighbour.addresses), world);
    await expectSilence(recluse, Object.values(neighbour.hostAddresses), ports.published);
    await expectSilence(recluse, Object.values(gateways('shop')), ports.published);
    await expectSilence(recluse, Object.values(server), ports);
    expect(await outside.callers()).toEqual(seen);
  });

  staged('a container that says it is the host is not believed', async ({ places }) => {
    const { colleague, host } = places;
    for (const protocol of protocols) await host.serve(protocol, trusting);
    await colleague.run('sysctl -qw net.ipv4.conf.all.route_localnet=1');
    // Otherwise the kernel itself refuses its own addresses as the source of what comes in.
    await host.run('sysctl -qw net.ipv4.conf.all.accept_local=1');
    for (const protocol of protocols) {
      expect(await colleague.call(protocol, gateways('shop')[4], trusting)).toMatch(/^10\.211\.1\./);
      await colleague.call(protocol, gateways('shop')[4], trusting, 'silence', '127.0.0.1');
    }
    expect((await host.callers()).filter((address) => address === '127.0.0.1')).toEqual([]);
  });

  staged('the loopback of the host, from outside and from containers', async ({ places, neighbour }) => {
    await serveSecretly(places);
    await forgeLoopback(places.outside, neighbour.hostAddresses);
    await forgeLoopback(places.colleague, gateways('shop'));
    await forgeLoopback(places.recluse, gateways('vault'));
    const callers = [places.outside, places.colleague, places.recluse];
    await Promise.all(callers.map((place) => expectSilence(place, ['127.0.0.1', '::1'], secret)));
    await expectSilence(places.colleague, ['127.0.0.1'], ports.local);
  });

  staged(
    'what is published on 127.0.0.1, from outside',
    ({ places }) => expectSilence(places.outside, ['127.0.0.1'], ports.local),
    'Docker before 28 translates the forged address before the kernel looks at it',
  );
});
