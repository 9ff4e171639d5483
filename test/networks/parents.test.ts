/** macvlan and ipvlan. This kernel may lack ipvlan: then its error is what is tested; `npm run test:vm` has it. */
import { afterEach, describe, expect, test } from 'bun:test';
import { linkExists } from '../../src/linux/routes.ts';
import type { NetworkRequest } from '../../src/networks/model.ts';
import { command } from '../rig/command.ts';
import {
  Box,
  inNamespace,
  isInside,
  joinRequest,
  on,
  openService,
  outside,
  tcp,
  worldCommand,
} from './rig.ts';

if (!isInside) test('parents, in a namespace of their own', () => inNamespace(import.meta.path), 120_000);

const request = (driver: string, more: Partial<NetworkRequest> = {}): NetworkRequest => ({
  name: 'lan',
  driver,
  internal: false,
  attachable: false,
  enableIpv4: true,
  enableIpv6: false,
  configOnly: false,
  configFrom: '',
  ipam: {
    driver: 'default',
    options: {},
    config: [{ subnet: '10.97.0.0/24', gateway: '10.97.0.1', ipRange: '', auxiliary: {} }],
  },
  options: { parent: 'up0' },
  labels: {},
  ...more,
});

/** The world's end of the uplink; it becomes a host of the containers' subnet. */
const worldLink = async (): Promise<string> => {
  const { stdout } = await command(['ip', '-o', 'link', 'show', 'up0']);
  const index = /^\d+: up0@if(\d+)/.exec(stdout)?.[1] ?? '';
  const all = (await worldCommand(['ip', '-o', 'link'])).stdout;
  return new RegExp(`^${index}: ([^@:]+)`, 'm').exec(all)?.[1] ?? '';
};

/** Whether a link of this kind can be made here at all. */
async function kernelHas(kind: 'vlan' | 'dummy' | 'ipvlan'): Promise<boolean> {
  const parent = kind === 'dummy' ? [] : ['link', 'up0'];
  const id = kind === 'vlan' ? ['id', '9'] : [];
  const made = await command(['ip', 'link', 'add', ...parent, 'name', 'probe0', 'type', kind, ...id]);
  if (made.code === 0) await command(['ip', 'link', 'del', 'probe0']);
  return made.code === 0;
}

async function opened() {
  const { service } = openService({ bridge: null });
  await service.open();
  await service.recover([]);
  return service;
}

if (isInside)
  afterEach(async () => {
    await worldCommand(['ip', 'addr', 'del', '10.97.0.1/24', 'dev', await worldLink()]);
  });

describe.if(isInside)('macvlan', () => {
  test('a container is a neighbour of the outside: reached by its own address, seen with it', async () => {
    await worldCommand(['ip', 'addr', 'add', '10.97.0.1/24', 'dev', await worldLink()]);
    const service = await opened();
    await service.create(request('macvlan'));
    {
      await using box = await Box.start(service, { endpoints: [on('lan', { ipv4Address: '10.97.0.7' })] });
      await using other = await Box.start(service, { endpoints: [on('lan')] });
      expect(await outside(tcp('10.97.0.7', 80))).toBe('10.97.0.1');
      expect(await other.run(tcp('10.97.0.7', 80))).toBe(other.address);
      expect(await box.command(['ip', 'route'])).toContain('default via 10.97.0.1 dev eth0');
      expect(await box.command(['ip', '-d', 'link', 'show', 'eth0'])).toContain('macvlan mode bridge');
    }
    await service.remove('lan');
    expect(linkExists('up0')).toBe(true);
  });

  test('a running container comes and goes', async () => {
    await worldCommand(['ip', 'addr', 'add', '10.97.0.1/24', 'dev', await worldLink()]);
    const service = await opened();
    const { id } = await service.create(
      request('macvlan', { options: { parent: 'up0', macvlan_mode: 'private' } }),
    );
    await service.create(
      request('bridge', { name: 'own', options: {}, ipam: { driver: 'default', options: {}, config: [] } }),
    );
    await using box = await Box.start(service, { endpoints: [on('own')] });
    await service.connect(box.request.containerId, on('lan', { ipv4Address: '10.97.0.9' }));
    await service.plug(box.request.containerId, id, await box.inside());
    expect(await outside(tcp('10.97.0.9', 80))).toBe('10.97.0.1');
    // `lan` is before `own`: the way out is by the macvlan now, and again by the bridge afterwards.
    expect(await box.command(['ip', 'route'])).toContain('default via 10.97.0.1 dev eth1');
    await service.disconnect(box.request.containerId, id, await box.inside());
    expect(await box.command(['ip', 'link'])).not.toContain('eth1');
    expect(await box.command(['ip', 'route'])).toContain(
      `default via ${box.joined.endpoints[0]?.gateway} dev eth0`,
    );
  });

  test('parents that are made: a VLAN, and one that leads nowhere; they go with the network', async () => {
    const service = await opened();
    for (const [kind, options] of [
      ['vlan', { parent: 'up0.10' }],
      ['dummy', {}],
    ] as const) {
      const known = await kernelHas(kind);
      const made = service.create(request('macvlan', { options }));
      if (!known) {
        await expect(made).rejects.toThrow(`Unknown device type: ${kind}`);
        expect((await service.list()).some(({ name }) => name === 'lan')).toBe(false);
        continue;
      }
      const { link } = await service.get((await made).id);
      expect(linkExists(link)).toBe(true);
      await service.remove('lan');
      expect(linkExists(link)).toBe(false);
    }
  });

  test('refused', async () => {
    const service = await opened();
    await expect(service.create(request('macvlan', { options: { parent: 'nowhere0' } }))).rejects.toThrow(
      'there is no link nowhere0 on this host',
    );
    await expect(
      service.create(request('macvlan', { options: { parent: 'up0', macvlan_mode: 'magic' } })),
    ).rejects.toThrow('"magic"; known are bridge, private, vepa, passthru');
    expect(await service.list()).toHaveLength(2);
  });
});

describe.if(isInside)('ipvlan', () => {
  for (const mode of ['l2', 'l3', 'l3s'])
    test(mode, async () => {
      const service = await opened();
      await service.create(request('ipvlan', { options: { parent: 'up0', ipvlan_mode: mode } }));
      if (!(await kernelHas('ipvlan'))) {
        await expect(Box.start(service, { endpoints: [on('lan')] })).rejects.toThrow(
          'Unknown device type: ipvlan',
        );
        return;
      }
      await worldCommand(['ip', 'addr', 'add', '10.97.0.1/24', 'dev', await worldLink()]);
      await using box = await Box.start(service, { endpoints: [on('lan')] });
      expect(await box.command(['ip', 'route'])).toContain(
        mode === 'l2' ? 'default via 10.97.0.1 dev eth0' : 'default dev eth0',
      );
      expect(await outside(tcp(box.address, 80))).toBe('10.97.0.1');
      const same = joinRequest({ endpoints: [on('lan', { ipv4Address: box.address })] });
      await expect(service.join(same)).rejects.toThrow('Address already in use');
    });
});
