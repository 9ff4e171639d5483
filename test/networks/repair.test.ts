/** Other programs change rules and links: ours come back, theirs are never touched. */
import { afterEach, describe, expect, test } from 'bun:test';
import { linkExists } from '../../src/linux/routes.ts';
import { tableName } from '../../src/networks/networks.ts';
import { command, eventually, succeed } from '../rig/command.ts';
import { Box, here, inNamespace, isInside, openService, outside, tcp, world } from './rig.ts';

if (!isInside) test('repair, in a namespace of its own', () => inNamespace(import.meta.path), 120_000);

const table = tableName('gnt0');
const rules = async (...argv: string[]) => (await command(['nft', ...argv])).stdout;
const foreign = 'table ip firewalld { chain input { type filter hook input priority 0; } ; }';

async function published(watch: boolean) {
  const parts = openService({ watch });
  await parts.service.open();
  await parts.service.recover([]);
  const box = await Box.start(parts.service, {
    portBindings: { '80/tcp': [{ hostIp: '', hostPort: '8080' }] },
  });
  return { ...parts, box };
}

if (isInside)
  afterEach(async () => {
    await command(['ip', 'link', 'del', 'gnt0']);
    await command(['nft', 'flush', 'ruleset']);
  });

describe.if(isInside)('by command', () => {
  test('a flushed ruleset, and a bridge that was deleted under its containers', async () => {
    const { service, box } = await published(false);
    await using _box = box;
    expect(await service.repair()).toEqual([]);
    await succeed(['nft', 'flush', 'ruleset']);
    expect(await outside(tcp(here, 8080))).not.toBe(world);
    expect(await service.repair()).toEqual(['the nftables table']);
    expect(await outside(tcp(here, 8080))).toBe(world);

    await succeed(['ip', 'link', 'del', 'gnt0']);
    expect(await outside(tcp(here, 8080))).not.toBe(world);
    expect(await service.repair()).toEqual([
      'network bridge: link gnt0',
      `container ${box.request.containerName}: on network bridge`,
    ]);
    expect(await outside(tcp(here, 8080))).toBe(world);
  });
});

describe.if(isInside)('what cannot be repaired', () => {
  test('a FORWARD policy of others is named, with the remedy', async () => {
    await succeed([
      'nft',
      'table ip filter { chain FORWARD { type filter hook forward priority 0; policy drop; } ; }',
    ]);
    const { box, warnings } = await published(false);
    await using _box = box;
    expect(warnings.join()).toContain('FORWARD policy is DROP');
  });
});

describe.if(isInside)('by itself', () => {
  for (const [name, change] of [
    ['flushed ruleset', 'flush ruleset'],
    ['deleted table', `delete table inet ${table}`],
    ['deleted rule', `flush chain inet ${table} prerouting`],
    ['deleted element', `delete element inet ${table} anywhere4 { tcp . 8080 }`],
    ['rule that lets everyone in', `insert rule inet ${table} forward accept`],
  ] as const)
    test(name, async () => {
      const { service, box, warnings } = await published(true);
      await using _box = box;
      const before = await rules('list', 'table', 'inet', table);
      // Seen once, it is known what is right.
      await Bun.sleep(1500);
      await succeed(['nft', change]);
      await succeed(['nft', foreign]);
      await eventually(
        async () => (await rules('list', 'table', 'inet', table)) === before,
        'the table is back',
      );
      expect(await outside(tcp(here, 8080))).toBe(world);
      expect(await rules('list', 'table', 'ip', 'firewalld')).toContain('hook input');
      expect(warnings).toContain('the nftables table was changed by someone else: made anew');
      await service.release(box.request.containerId);
      await service.close();
    });

  test('what others do to their own rules leaves ours alone', async () => {
    const { service, box, warnings } = await published(true);
    await using _box = box;
    await Bun.sleep(1500);
    for (let i = 0; i < 3; i++) {
      await succeed(['nft', foreign]);
      await Bun.sleep(1100);
      await succeed(['nft', 'delete table ip firewalld']);
    }
    expect(warnings).toEqual([]);
    await service.release(box.request.containerId);
    await service.close();
    expect(linkExists('gnt0')).toBe(false);
    expect(await rules('list', 'tables')).toBe('');
  });
});
