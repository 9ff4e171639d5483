/**
 * Images: load, save, commit, pull, push. Every round has engines of its own on fresh roots, and all stay until the end: ext4
 * is slow with the inodes of what was just deleted (docs/decisions/0004), whoever asks for them.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { startRegistry } from '../test/registry/rig.ts';
import { succeed } from '../test/rig/command.ts';
import { TestNetwork } from '../test/rig/netns.ts';
import { type Archives, archivesIn } from './archives.ts';
import { type Cost, cost, median, output } from './measure.ts';
import { byDocker, openPeers, type Peer } from './peers.ts';
import type { Scenario } from './scenarios.ts';
import { header, ratio, row } from './table.ts';

const pullFrom = '127.0.0.1:5000';
const pushTo = '127.0.0.1:5001';
const touch = 'mkdir /d; for i in $(seq 1000); do echo $i > /d/$i; done';

const scenariosOf = (archives: Archives, scratch: string): Scenario[] => [
  { name: '`load`, 20,000 files, 300 MB', run: (peer) => peer.argv('load', '-q', '-i', archives.plain) },
  { name: 'the same, gzip', run: (peer) => peer.argv('load', '-q', '-i', archives.gzip) },
  { name: '`load`, 20 layers of 15 MB', run: (peer) => peer.argv('load', '-q', '-i', archives.layers) },
  {
    name: '`save` of the first',
    run: (peer) => peer.argv('save', '-o', join(scratch, 'saved.tar'), 'bench/plain:1'),
    restore: () => rmSync(join(scratch, 'saved.tar'), { force: true }),
  },
  {
    name: '`commit` of 1,000 changed files',
    prepare: (peer) =>
      output(peer.argv('run', '--name', 'bench', '--network', 'none', 'busybox', 'sh', '-c', touch)),
    run: (peer) => peer.argv('commit', 'bench', 'committed:1'),
    restore: (peer) => output(peer.argv('rm', '-f', 'bench')),
  },
  { name: '`pull`, 5 layers of 60 MB', run: (peer) => peer.argv('pull', '-q', `${pullFrom}/large:1`) },
  {
    name: '`push` of the same',
    prepare: (peer) => output(peer.argv('tag', `${pullFrom}/large:1`, `${pushTo}/large:1`)),
    run: (peer) => peer.argv('push', '-q', `${pushTo}/large:1`),
  },
];

/** Puts the image that is pulled into a registry's storage, in a network of its own. */
async function publish(archive: string, storage: string): Promise<void> {
  await using network = await TestNetwork.create();
  await using _ = await startRegistry({ prefix: network.prefix, port: 5000, storage });
  const target = `docker://${pullFrom}/large:1`;
  const copy = [
    'skopeo',
    '--insecure-policy',
    'copy',
    '-q',
    '--dest-tls-verify=false',
    `docker-archive:${archive}`,
    target,
  ];
  await succeed([...network.prefix, ...copy], { timeout: 300_000 });
}

/** What a peer cannot do is null, and said once. */
function attempt(scenario: Scenario, peer: Peer, round: number): Cost | null {
  try {
    scenario.prepare?.(peer);
    return cost(scenario.run(peer, round), peer.daemonPid);
  } catch (error) {
    if (round === 0)
      console.error(`${peer.name}: ${scenario.name}: ${error instanceof Error ? error.message : error}`);
    return null;
  } finally {
    scenario.restore?.(peer);
  }
}

const figure = (costs: (Cost | null)[], of: (cost: Cost) => number | []): number | undefined => {
  const values = costs.filter((cost) => cost !== null).flatMap(of);
  return values.length > 0 ? median(values) : undefined;
};

export async function benchImages(rounds: number): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const scratch = mkdtempSync('/var/tmp/gantry-bench-');
  stack.defer(() => rmSync(scratch, { recursive: true, force: true }));
  const directory = (name: string) => {
    mkdirSync(join(scratch, name));
    return join(scratch, name);
  };
  output([process.execPath, join(import.meta.dir, 'archives.ts'), scratch]);
  const archives = archivesIn(scratch);
  const shared = directory('registry');
  await publish(archives.large, shared);
  const scenarios = scenariosOf(archives, scratch);
  const costs = new Map(scenarios.map((scenario) => [scenario, new Map<string, (Cost | null)[]>()]));
  for (let round = 0; round < rounds; round++) {
    const peers = stack.use(await openPeers()).list.filter((peer) => peer.name !== byDocker);
    for (const [n, { network }] of peers.entries()) {
      stack.use(await startRegistry({ prefix: network.prefix, port: 5000, storage: shared }));
      stack.use(
        await startRegistry({ prefix: network.prefix, port: 5001, storage: directory(`push-${round}-${n}`) }),
      );
    }
    for (const [scenario, byPeer] of costs)
      for (const peer of peers)
        byPeer.set(peer.name, [...(byPeer.get(peer.name) ?? []), attempt(scenario, peer, round)]);
  }
  print(costs, rounds);
}

function print(costs: Map<Scenario, Map<string, (Cost | null)[]>>, rounds: number): void {
  const names = [...(costs.values().next().value?.keys() ?? [])];
  const docker = names.find((name) => name.startsWith('Docker')) ?? '';
  console.log(`median of ${rounds}, seconds (and the most memory that the daemon had meanwhile, MiB)\n`);
  header(['', ...names, 'gantry / Docker']);
  for (const [{ name }, byPeer] of costs) {
    const cells = names.map((peer) => {
      const seconds = figure(byPeer.get(peer) ?? [], (cost) => cost.milliseconds / 1000);
      const peak = figure(byPeer.get(peer) ?? [], (cost) => cost.peak ?? []);
      if (seconds === undefined) return '-';
      return peak === undefined ? seconds.toFixed(2) : `${seconds.toFixed(2)} (${peak.toFixed(0)})`;
    });
    const of = (peer: string) => figure(byPeer.get(peer) ?? [], (cost) => cost.milliseconds);
    row([name, ...cells, ratio(of('gantry'), of(docker))]);
  }
}
