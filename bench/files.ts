/** Files in and out of a running container: one large one, many small ones, and what `diff` and `export` cost. */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { median, output, time } from './measure.ts';
import { openPeers, type Peer } from './peers.ts';
import { header, ratio, row } from './table.ts';

const container = 'bench';
const megabytes = 200;

interface Row {
  name: string;
  run(peer: Peer, directory: string): string[];
}

/** Each leaves what the next needs. */
const rows: readonly Row[] = [
  {
    name: '`cp` of a file of 200 MB in',
    run: (peer, directory) => peer.argv('cp', join(directory, 'large'), `${container}:/large`),
  },
  {
    name: 'the same out',
    run: (peer, directory) => peer.argv('cp', `${container}:/large`, join(directory, 'back')),
  },
  {
    name: '`cp` of 5,000 files of 4 KB in',
    run: (peer, directory) => peer.argv('cp', join(directory, 'many'), `${container}:/many`),
  },
  {
    name: 'the same out',
    run: (peer, directory) => peer.argv('cp', `${container}:/many`, join(directory, 'back')),
  },
  {
    name: '`cp` of a file of 4 KB in',
    run: (peer, directory) => peer.argv('cp', join(directory, 'many/0/0'), `${container}:/small`),
  },
  { name: '`diff` of all this', run: (peer) => peer.argv('diff', container) },
  {
    name: '`export` of all this',
    run: (peer, directory) => peer.argv('export', '-o', join(directory, 'back'), container),
  },
];

function makeFiles(directory: string): void {
  writeFileSync(join(directory, 'large'), randomBytes(megabytes << 20));
  for (let part = 0; part < 50; part++) {
    const files = join(directory, 'many', String(part));
    mkdirSync(files, { recursive: true });
    for (let file = 0; file < 100; file++) writeFileSync(join(files, String(file)), randomBytes(4096));
  }
}

/** Times of all rows, in their order. What comes out stays until the end: ext4 is slow where inodes were deleted in the last minute. */
function once(peer: Peer, directory: string, turn: string): number[] {
  output(peer.argv('run', '-d', '--name', container, 'busybox', 'sleep', '3600'));
  try {
    return rows.map(({ run }, index) => {
      const took = time(run(peer, directory));
      if (existsSync(join(directory, 'back')))
        renameSync(join(directory, 'back'), join(directory, `${turn}-${index}`));
      return took;
    });
  } finally {
    output(peer.argv('rm', '-f', container));
  }
}

export async function benchFiles(rounds: number): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'gantry-bench-'));
  try {
    makeFiles(directory);
    await using open = await openPeers();
    const peers = open.list.filter(({ name }) => !name.startsWith('Podman'));
    const docker = peers.findIndex(({ name }) => name.startsWith('Docker'));
    const times = peers.map((): number[][] => []);
    for (let round = 0; round < rounds; round++)
      for (const [index, peer] of peers.entries())
        times[index]?.push(once(peer, directory, `${round}-${index}`));
    console.log(`median of ${rounds}, milliseconds, interleaved\n`);
    header(['', ...peers.map(({ name }) => name), 'gantry / Docker']);
    for (const [index, { name }] of rows.entries()) {
      const medians = times.map((of) => median(of.map((round) => round[index] ?? Number.NaN)));
      row([name, ...medians.map((value) => value.toFixed(0)), ratio(medians[0], medians[docker])]);
    }
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
