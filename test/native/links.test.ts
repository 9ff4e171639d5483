import { beforeAll, expect, test } from 'bun:test';
import type { Operation, OperationOf } from '../../src/linux/operations.ts';
import { Network } from './network.ts';

const host = { side: 'host', optional: false } as const;

interface Link {
  ifname: string;
  flags: string[];
  mtu: number;
  address: string;
  link?: string;
  linkinfo: {
    info_kind: string;
    info_data: { mode?: string; flags?: string; id?: number };
    info_slave_data?: { hairpin: boolean; isolated: boolean };
  };
}

let ipvlan: boolean;
let vlan: boolean;
let dummy: boolean;

beforeAll(async () => {
  using network = await Network.create();
  await network.output('ip', 'link', 'add', 'parent0', 'type', 'bridge');
  ipvlan = await network.has('link', 'parent0', 'type', 'ipvlan');
  vlan = await network.has('link', 'parent0', 'type', 'vlan', 'id', '1');
  dummy = await network.has('type', 'dummy');
});

/** A host with a link `eth0` that others can sit on, and the network of a container. */
async function world() {
  const here = await Network.create();
  const there = await Network.create();
  for (const name of ['eth0', 'br0']) await here.output('ip', 'link', 'add', name, 'type', 'bridge');
  await here.output('ip', 'link', 'set', 'eth0', 'up');
  const process = { pid: there.pid, startTime: there.startTime };
  return {
    here,
    there,
    process,
    before: await here.links(),
    [Symbol.dispose]: () => {
      here[Symbol.dispose]();
      there[Symbol.dispose]();
    },
  };
}

const veth = (parts: Partial<OperationOf<'veth'>>): Operation => ({
  ...host,
  op: 'veth',
  name: 'gveth0',
  peer: 'eth0',
  peerMac: '',
  bridge: 'br0',
  mtu: 0,
  hairpin: false,
  isolated: false,
  pid: 0,
  startTime: '',
  ...parts,
});

const macvlan = (parts: Partial<OperationOf<'macvlan'>>): Operation => ({
  ...host,
  op: 'macvlan',
  name: 'eth0',
  parent: 'eth0',
  mac: '',
  mode: 'bridge',
  mtu: 0,
  pid: 0,
  startTime: '',
  ...parts,
});

test('a veth into a running process, with every choice of port flags', async () => {
  using world_ = await world();
  const { here, there, process } = world_;
  const choices = [0, 1, 2, 3].map((n) => ({ hairpin: (n & 1) > 0, isolated: (n & 2) > 0 }));
  for (const [n, choice] of choices.entries()) {
    const names = { name: `gveth${n}`, peer: `eth${n}`, peerMac: `02:42:00:00:00:0${n}`, mtu: 1300 + n };
    await here.perform([veth({ ...names, ...choice, ...process })]);
    const port = await here.show<Link>('ip', 'link', 'show', names.name);
    expect(port.linkinfo.info_slave_data).toMatchObject(choice);
    expect(port).toMatchObject({ mtu: names.mtu, flags: expect.arrayContaining(['UP']) });
    const peer = await there.show<Link>('ip', 'link', 'show', names.peer);
    expect(peer).toMatchObject({ address: names.peerMac, mtu: names.mtu });
  }
});

test('a veth that cannot be finished is not left', async () => {
  using world_ = await world();
  const { here, there, process, before } = world_;
  // Port flags without a bridge are refused by the second message, when the pair is there.
  expect(await here.refusal([veth({ bridge: '', hairpin: true, ...process })])).toBe(
    'veth gveth0: operation not supported',
  );
  expect(await here.refusal([veth({ bridge: 'lo', ...process })])).toStartWith('veth gveth0: ');
  expect(await here.refusal([veth({ bridge: 'none', ...process })])).toBe(
    'veth gveth0: no link none: no such device',
  );
  expect(await here.refusal([veth({ peer: 'lo', ...process })])).toStartWith('veth gveth0: ');
  expect(await here.links()).toEqual(before);
  expect(await there.links()).not.toContain('eth0');
});

test('a macvlan of every mode, under the name that its parent has on the host', async () => {
  using world_ = await world();
  const { here, there, process, before } = world_;
  for (const mode of ['bridge', 'private', 'vepa', 'passthru'] as const) {
    const mac = mode === 'passthru' ? '' : '02:42:00:00:00:09';
    await here.perform([macvlan({ mode, mac, mtu: 1350, ...process })]);
    const link = await there.show<Link>('ip', 'link', 'show', 'eth0');
    expect(link).toMatchObject({ mtu: 1350, linkinfo: { info_kind: 'macvlan', info_data: { mode } } });
    if (mac !== '') expect(link.address).toBe(mac);
    await there.output('ip', 'link', 'del', 'eth0');
  }
  expect(await here.links()).toEqual(before);
});

test('a name that is taken in the container is refused and nothing is left', async () => {
  using world_ = await world();
  const { here, there, process, before } = world_;
  const list = [macvlan(process)];
  await here.perform(list);
  const inside = await there.links();
  expect(await here.refusal(list)).toMatch(/^macvlan eth0 on eth0: (.*: )?file exists$/);
  expect([await here.links(), await there.links()]).toEqual([before, inside]);
});

test('a macvlan that cannot be', async () => {
  using world_ = await world();
  const { here, process, before } = world_;
  expect(await here.refusal([macvlan({ parent: 'none', ...process })])).toBe(
    'macvlan eth0 on none: no link none: no such device',
  );
  expect(await here.refusal([macvlan({ parent: 'lo', ...process })])).toStartWith('macvlan eth0 on lo: ');
  expect(await here.refusal([macvlan({ mode: 'source' as 'bridge', ...process })])).toBe(
    'macvlan eth0: no mode source: invalid argument',
  );
  expect(await here.refusal([macvlan({})])).toBe('macvlan eth0: no child before clone: invalid argument');
  expect(await here.links()).toEqual(before);
});

test('an ipvlan of every mode and flag, or the news that the kernel has none', async () => {
  using world_ = await world();
  const { here, there, process, before } = world_;
  for (const mode of ['l2', 'l3', 'l3s'] as const)
    for (const flag of ['bridge', 'private', 'vepa'] as const) {
      const operation = { ...host, op: 'ipvlan', name: 'eth0', parent: 'eth0', mode, flag } as const;
      const list: Operation[] = [{ ...operation, mtu: 1350, ...process }];
      if (!ipvlan) {
        expect(await here.refusal(list)).toBe(
          'ipvlan eth0 on eth0: Unknown device type: ipvlan: operation not supported',
        );
        continue;
      }
      await here.perform(list);
      const link = await there.show<Link>('ip', 'link', 'show', 'eth0');
      expect(link).toMatchObject({ mtu: 1350, linkinfo: { info_kind: 'ipvlan' } });
      expect(await there.output('ip', '-d', 'link', 'show', 'eth0')).toContain(`mode ${mode} ${flag}`);
      await there.output('ip', 'link', 'del', 'eth0');
    }
  expect(await here.links()).toEqual(before);
});

test('a vlan and a dummy link, once, or the news that the kernel has none', async () => {
  using world_ = await world();
  const { here } = world_;
  const cases: [Operation, boolean][] = [
    [{ ...host, op: 'vlan', name: 'eth0.12', parent: 'eth0', id: 12 }, vlan],
    [{ ...host, op: 'dummy', name: 'dummy7' }, dummy],
  ];
  for (const [operation, supported] of cases) {
    const { op, name } = operation as OperationOf<'vlan' | 'dummy'>;
    if (supported) {
      await here.perform([operation]);
      expect(await here.refusal([operation])).toMatch(new RegExp(`^${op} ${name}: (.*: )?file exists$`));
      expect(await here.show('ip', 'link', 'show', name)).toMatchObject({ linkinfo: { info_kind: op } });
    } else
      expect(await here.refusal([operation])).toBe(
        `${op} ${name}: Unknown device type: ${op}: operation not supported`,
      );
  }
  if (vlan)
    expect(await here.show('ip', 'link', 'show', 'eth0.12')).toMatchObject({
      link: 'eth0',
      linkinfo: { info_data: { id: 12 } },
    });
  const impossible: Operation = { ...host, op: 'vlan', name: 'eth0.x', parent: 'eth0', id: 65548 };
  expect(await here.refusal([impossible])).toStartWith('vlan eth0.x: vlan 65548: ');
});
