/** Builds beside Docker's classic builder: short steps, nothing to do, a context of many files, stages side by side. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { median, output, time } from './measure.ts';
import { openPeers, type Peer } from './peers.ts';
import { header, ratio, row } from './table.ts';

interface Row {
  name: string;
  folder: string;
  args: string[];
  /** Before each run. */
  prepare?: (folder: string, round: number) => void;
}

const steps = (count: number, command: (index: number) => string) =>
  ['FROM busybox', ...Array.from({ length: count }, (_, index) => `RUN ${command(index)}`)].join('\n');

const stages = [
  ...Array.from(
    { length: 4 },
    (_, index) => `FROM busybox AS s${index}\nRUN sleep 1; echo ${index} >/out${index}`,
  ),
  'FROM busybox',
  ...Array.from({ length: 4 }, (_, index) => `COPY --from=s${index} /out${index} /`),
].join('\n');

const rows: readonly Row[] = [
  { name: '10 short RUN steps, nothing cached', folder: 'steps', args: ['--no-cache'] },
  { name: 'the same, all cached', folder: 'steps', args: [] },
  {
    name: 'a context of 2,000 files, one of them new',
    folder: 'context',
    args: [],
    prepare: (folder, round) => writeFileSync(join(folder, '0', 'new'), String(round)),
  },
  { name: 'another that is unchanged', folder: 'unchanged', args: [] },
  { name: 'a context of one file, unchanged', folder: 'small', args: [] },
  { name: 'four independent stages of a second each', folder: 'stages', args: ['--no-cache'] },
];

function makeFolders(directory: string): void {
  const write = (folder: string, dockerfile: string) => {
    mkdirSync(join(directory, folder));
    writeFileSync(join(directory, folder, 'Dockerfile'), dockerfile);
  };
  write(
    'steps',
    steps(10, (index) => `echo ${index} >/file${index}`),
  );
  write('stages', stages);
  for (const name of ['context', 'unchanged', 'small']) write(name, `FROM busybox\nCOPY . /${name}\n`);
  for (const name of ['context', 'unchanged'])
    for (let part = 0; part < 40; part++) {
      const folder = join(directory, name, String(part));
      mkdirSync(folder);
      for (let file = 0; file < 50; file++)
        writeFileSync(join(folder, String(file)), `${part} ${file}\n`.repeat(300));
    }
}

export async function benchBuild(rounds: number): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'gantry-bench-'));
  try {
    makeFolders(directory);
    await using open = await openPeers();
    const docker = open.list.findIndex(({ name }) => name.startsWith('Docker'));
    const times = open.list.map(() => rows.map((): number[] => []));
    const once = (peer: Peer, { folder, args, prepare }: Row, round: number) => {
      prepare?.(join(directory, folder), round);
      return time([
        'env',
        'DOCKER_BUILDKIT=0',
        ...peer.argv('build', '-q', ...args, join(directory, folder)),
      ]);
    };
    for (const peer of open.list) for (const each of rows) once(peer, each, -1);
    for (let round = 0; round < rounds; round++)
      for (const [index, each] of rows.entries())
        for (const [at, peer] of open.list.entries()) times[at]?.[index]?.push(once(peer, each, round));
    console.log(`median of ${rounds}, milliseconds, interleaved\n`);
    header(['', ...open.list.map(({ name }) => name), 'gantry / Docker']);
    for (const [index, { name }] of rows.entries()) {
      const medians = times.map((of) => median(of[index] ?? []));
      row([name, ...medians.map((value) => value.toFixed(0)), ratio(medians[0], medians[docker])]);
    }
    for (const peer of open.list) output(peer.argv('image', 'prune', '-f'));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
