/**
 * `npm run bench [-- ROUNDS]`: medians of whole command lines, the peers taking turns within each round so that a slow moment
 * of the machine hits all of them. Prints markdown. Needs root; Docker and Podman take part where they are installed.
 * `npm run bench -- SUBJECT [ROUNDS]`: the same for one subject, in the file of its name: `build`, `files`, `images`, `networks`, `volumes`.
 */
import { benchBuild } from './build.ts';
import { benchFiles } from './files.ts';
import { benchImages } from './images.ts';
import { median, output, pss, time } from './measure.ts';
import { benchNetworks } from './networks.ts';
import { openPeers, type Peer } from './peers.ts';
import { type Scenario, scenarios } from './scenarios.ts';
import { ratio, row } from './table.ts';
import { benchVolumes } from './volumes.ts';

const subjects: Record<string, (rounds: number) => Promise<void>> = {
  build: benchBuild,
  files: benchFiles,
  images: benchImages,
  networks: benchNetworks,
  volumes: benchVolumes,
};
const subject = subjects[process.argv[2] ?? ''];
if (subject !== undefined) {
  await subject(Number(process.argv[3] ?? 5));
  process.exit(0);
}
const rounds = Number(process.argv[2] ?? 20);

function once(scenario: Scenario, peer: Peer, round: number): number {
  scenario.prepare?.(peer);
  try {
    return time(scenario.run(peer, round));
  } finally {
    scenario.restore?.(peer);
  }
}

/** Milliseconds per peer, in the peers' order. */
function measure(scenario: Scenario, peers: Peer[]): number[] {
  const times = peers.map((): number[] => []);
  for (const peer of peers) once(scenario, peer, -1);
  for (let round = 0; round < rounds; round++)
    for (const [i, peer] of peers.entries()) times[i]?.push(once(scenario, peer, round));
  return times.map(median);
}

async function memory(peers: Peer[]): Promise<void> {
  // Idle means idle: gantry gives memory back after three seconds without anything to do.
  await Bun.sleep(6000);
  console.log('\nMemory (PSS)\n');
  for (const peer of peers)
    if (peer.daemonPid)
      console.log(`- ${peer.name}: daemon idle ${(pss(peer.daemonPid) / 1024).toFixed(1)} MiB`);
  const [gantry] = peers;
  if (!gantry) return;
  output(gantry.argv('run', '-d', '--name', 'bench', 'busybox', 'sleep', '3600'));
  const pid = Number(output(gantry.argv('inspect', '-f', '{{.State.Pid}}', 'bench')));
  const shim = Number(output(['ps', '-o', 'ppid=', '-p', String(pid)]));
  console.log(`- gantry: one shim ${(pss(shim) / 1024).toFixed(2)} MiB`);
  output(gantry.argv('rm', '-f', 'bench'));
}

await using open = await openPeers();
const peers = open.list;
const docker = peers.findIndex((peer) => peer.name.startsWith('Docker'));
console.log(`median of ${rounds}, milliseconds, interleaved\n`);
row(['', ...peers.map((peer) => peer.name), 'gantry / Docker', 'docker CLI / Docker', 'aim']);
row(Array.from({ length: peers.length + 4 }, () => '---'));
for (const scenario of scenarios) {
  const times = measure(scenario, peers);
  const reference = times[docker];
  const figures = times.map((value) => value.toFixed(1));
  row([
    scenario.name,
    ...figures,
    ratio(times[0], reference),
    ratio(times[1], reference),
    scenario.aim ?? '',
  ]);
}
await memory(peers);
