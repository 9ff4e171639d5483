/** IPv6 only where it was asked for, and no routers but the host (CVE-2020-13401). */
import { expect } from 'bun:test';
import { join } from 'node:path';
import { eventually } from '../rig/command.ts';
import type { TestEngine } from '../rig/engine.ts';
import { onStage } from './on-stage.ts';
import { Place } from './place.ts';
import type { Stage } from './stage.ts';

const advertise = (place: Place, link: string, prefix: string) =>
  place.run(`python3 ${join(import.meta.dir, 'advertise.py')} ${link} ${prefix}`);

/** A place that sends from a link-local address that is ready. */
const isReady = (place: Place, link: string) =>
  eventually(async () => {
    const addresses = await place.run(`ip -6 -o addr show dev ${link} scope link`);
    return addresses.includes('fe80::') && !addresses.includes('tentative');
  }, `${link} has its link-local address`);

/** What a place learned from advertisements of this prefix: addresses, routes, ways out. */
async function learned(place: Place, prefix: string): Promise<string[]> {
  const lines = `${await place.run('ip -6 -o addr')}${await place.run('ip -6 route show table all')}`.split(
    '\n',
  );
  return lines.filter((line) => line.includes(prefix) || /^default .*proto ra/.test(line));
}

/** After this everything that was sent to the host before has been looked at: it believes the machine outside. */
async function hostListens({ places: { host, outside } }: Stage): Promise<void> {
  await host.run('sysctl -qw net.ipv6.conf.lan0.accept_ra=2');
  await isReady(outside, 'eth0');
  await advertise(outside, 'eth0', 'fd00:600d::');
  await eventually(
    async () => (await learned(host, 'fd00:600d:')).length > 1,
    'the host has learned a route',
  );
  await host.run('sysctl -qw net.ipv6.conf.lan0.accept_ra=0');
  await host.run('ip -6 route flush proto ra');
}

/** Root of a container gives itself IPv6 and advertises. */
async function playRouter(stage: Stage, container: string, prefix: string): Promise<void> {
  await using place = await Place.container(stage.engine, container);
  await place.run(`sysctl -qw ${setting('eth0', 'disable_ipv6')}=0`);
  await isReady(place, 'eth0');
  await advertise(place, 'eth0', prefix);
  await hostListens(stage);
}

const bridgeOf = async (engine: TestEngine, network: string): Promise<string> => {
  const id = await engine.ok('docker', 'network', 'inspect', '-f', '{{.Id}}', network);
  return `br-${id.slice(0, 12)}`;
};
const setting = (link: string, key: string) => `net.ipv6.conf.${link}.${key}`;

onStage('ipv6', (staged) => {
  staged('a container of a network without IPv6 has none but ::1', async ({ engine }) => {
    await engine.ok('docker', 'network', 'create', 'old');
    for (const network of ['bridge', 'old']) {
      const show = ['run', '--rm', '--network', network, 'busybox', 'ip', '-6', '-o', 'addr'];
      const lines = (await engine.ok('docker', ...show)).split('\n').filter(Boolean);
      expect(lines.filter((line) => !/\slo\s+inet6 ::1\/128/.test(line))).toEqual([]);
    }
    await engine.ok('docker', 'network', 'rm', 'old');
  });

  staged('a container that plays the router is not believed by the host', async (stage) => {
    const { engine, places } = stage;
    await places.host.run(`sysctl -qw ${setting('default', 'accept_ra')}=2`);
    const subnets = ['--subnet', '10.215.0.0/24', '--subnet', 'fd00:215::/64'];
    await engine.ok('docker', 'network', 'create', '--ipv6', ...subnets, 'late');
    const bridge = await bridgeOf(engine, 'late');
    expect(await places.host.run(`sysctl -n ${setting(bridge, 'accept_ra')}`)).toBe('0\n');
    await engine.ok(
      'docker',
      'run',
      '-d',
      '--name',
      'rogue',
      '--network',
      'late',
      'busybox',
      'sleep',
      '3600',
    );
    await playRouter(stage, 'rogue', 'fd00:bad:1::');
    expect(await learned(places.host, 'fd00:bad:1:')).toEqual([]);
    await engine.ok('docker', 'rm', '-f', 'rogue');
    await engine.ok('docker', 'network', 'rm', 'late');
  });

  staged(
    'nor by a host that listens on the bridge, be the network with IPv6 or without',
    async (stage) => {
      const { engine, places } = stage;
      const bridge = await bridgeOf(engine, 'shop');
      for (const link of [bridge, 'gt0']) await places.host.run(`sysctl -qw ${setting(link, 'accept_ra')}=2`);
      await engine.ok('docker', 'run', '-d', '--name', 'rogue', 'busybox', 'sleep', '3600');
      await playRouter(stage, 'rogue', 'fd00:bad:2::');
      await playRouter(stage, 'colleague', 'fd00:bad:3::');
      await places.host.run(`sysctl -qw ${setting(bridge, 'accept_ra')}=0`);
      await engine.ok('docker', 'rm', '-f', 'rogue');
      expect(await learned(places.host, 'fd00:bad:')).toEqual([]);
    },
    'Docker has only the setting of the bridge',
  );

  staged(
    'nor by its colleagues',
    async ({ places: { server, colleague } }) => {
      await advertise(colleague, 'eth0', 'fd00:bad:4::');
      // The answer comes after the advertisement, by the same link.
      expect(await colleague.call('udp', 'fd00:211:1::9', 5300)).toBe('fd00:211:1::8');
      expect(await learned(server, 'fd00:bad:4:')).toEqual([]);
    },
    'Docker leaves accept_ra on in containers',
  );
});
