/** Volumes: a fresh one that starts with 10,000 files of the image, and the same when there is nothing to copy. */
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { succeed } from '../test/rig/command.ts';
import { busyboxTar } from '../test/rig/images.ts';
import { median, output, time } from './measure.ts';
import { openPeers, type Peer } from './peers.ts';
import { header, ratio, row } from './table.ts';

const image = 'bench/files:1';
const rows = [
  { name: '`create -v`, 10,000 files copied up', target: '/files' },
  { name: '`create -v`, nothing in the image', target: '/nothing' },
] as const;

/** busybox with /files: 100 directories of 100 files of 4 KB. */
async function imageTar(directory: string): Promise<string> {
  const root = join(directory, 'root');
  const tar = join(directory, 'files.tar');
  for (let part = 0; part < 100; part++) {
    const files = join(root, 'files', String(part));
    mkdirSync(files, { recursive: true });
    for (let file = 0; file < 100; file++) writeFileSync(join(files, String(file)), randomBytes(4096));
  }
  await succeed(['sh', '-ec', `cd ${root}; tar -xf ${busyboxTar}; tar -cf ${tar} .`]);
  return tar;
}

/** The volume stays until the end: ext4 is slow where inodes were deleted in the last minute, whoever asks. */
function once(peer: Peer, target: string, volume: string): number {
  const took = time(peer.argv('create', '--name', 'bench', '-v', `${volume}:${target}`, image, 'true'));
  output(peer.argv('rm', '-f', 'bench'));
  return took;
}

export async function benchVolumes(rounds: number): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'gantry-bench-'));
  try {
    await using open = await openPeers();
    const tar = await imageTar(directory);
    for (const peer of new Set(open.list)) output(peer.argv('import', tar, image));
    const docker = open.list.findIndex(({ name }) => name.startsWith('Docker'));
    console.log(`median of ${rounds}, milliseconds, interleaved\n`);
    header(['', ...open.list.map(({ name }) => name), 'gantry / Docker']);
    for (const [at, { name, target }] of rows.entries()) {
      const times = open.list.map((): number[] => []);
      for (let round = 0; round < rounds; round++)
        for (const [index, peer] of open.list.entries())
          times[index]?.push(once(peer, target, `bench-${at}-${round}-${index}`));
      const medians = times.map(median);
      row([name, ...medians.map((value) => value.toFixed(0)), ratio(medians[0], medians[docker])]);
    }
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
