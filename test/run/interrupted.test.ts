/** kill -9 of the daemon in the middle of pull, load, import and rmi: nothing is corrupt, nothing leaks, a repeated pull goes on. */
import { Database } from 'bun:sqlite';
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { command, eventually, patience, succeed } from '../rig/command.ts';
import { isGantry, TestEngine } from '../rig/engine.ts';
import { LocalRegistry } from '../rig/registry.ts';

const rounds = Number(process.env.KILLS ?? 4);
const layerCount = 3;
const layerBytes = 24 << 20;
let engine: TestEngine;
let registry: LocalRegistry;
/** In the registry. */
let name = '';
/** The same image as an archive. */
let archive = '';

beforeAll(async () => {
  if (!isGantry) return;
  engine = await TestEngine.start();
  registry = await LocalRegistry.start(engine);
  name = `${registry.host}/big:1`;
  archive = join(engine.directory, 'big.tar');
  await makeArchive(archive);
  await registry.skopeo(
    'copy',
    '-q',
    '--dest-tls-verify=false',
    `docker-archive:${archive}`,
    `docker://${name}`,
  );
}, patience(120_000));
afterAll(async () => {
  await registry?.[Symbol.asyncDispose]();
  await engine?.[Symbol.asyncDispose]();
}, patience(60_000));

/** Layers that do not compress: their transfer takes a while. */
async function makeArchive(path: string): Promise<void> {
  const work = join(engine.directory, 'big');
  const layers = Array.from({ length: layerCount }, (_, n) => `${n}.tar`);
  await succeed(['mkdir', work]);
  const diffIds: string[] = [];
  for (const [n, layer] of layers.entries()) {
    await succeed(['mkdir', join(work, String(n))]);
    for (let file = 0; file < 24; file++)
      writeFileSync(join(work, String(n), `f${n}-${file}`), randomBytes(layerBytes / 24));
    await succeed(['tar', '-C', join(work, String(n)), '-cf', join(work, layer), '.']);
    diffIds.push(`sha256:${(await succeed(['sha256sum', join(work, layer)])).split(' ')[0]}`);
  }
  const config = { architecture: 'amd64', os: 'linux', rootfs: { type: 'layers', diff_ids: diffIds } };
  writeFileSync(join(work, 'config.json'), JSON.stringify(config));
  const manifest = [{ Config: 'config.json', RepoTags: ['big:1'], Layers: layers }];
  writeFileSync(join(work, 'manifest.json'), JSON.stringify(manifest));
  await succeed(['tar', '-C', work, '-cf', path, 'manifest.json', 'config.json', ...layers]);
}

/** Starts a command line and kills the daemon at some moment of it. */
async function killedDuring(args: string[], within: number): Promise<void> {
  const running = engine.run('docker', args);
  await Bun.sleep(Math.random() * patience(within));
  await engine.stopDaemon('SIGKILL');
  await running;
  await engine.startDaemon();
}

const at = (...path: string[]) => join(engine.dataRoot, ...path);
const files = (...path: string[]) => (existsSync(at(...path)) ? readdirSync(at(...path)) : []);

/** Everything on disk is explained by what the daemon says it has. */
async function expectConsistent(): Promise<void> {
  await eventually(async () => {
    const left = await command(['pgrep', '-f', 'gantry-init untar']);
    return left.code === 1;
  }, 'whatever unpacked has ended');
  expect(files('content', 'ingest')).toEqual([]);
  const driver = await engine.ok('docker', 'info', '-f', '{{.Driver}}');
  using db = new Database(at('gantry.db'), { readonly: true });
  const recorded = db.query<{ number: number }, []>('SELECT number FROM snapshots');
  const numbers = () => recorded.all().map(({ number }) => String(number));
  // A daemon that has just started still collects, and a directory goes after its record.
  const unexplained = () => files('snapshots', driver).filter((name) => !numbers().includes(name));
  await eventually(() => unexplained().length === 0, 'every snapshot on disk has a record');
  expect(files('snapshots', driver)).toEqual(expect.arrayContaining(numbers()));
  for (const hex of files('content', 'blobs', 'sha256')) {
    const sum = await succeed(['sha256sum', at('content', 'blobs', 'sha256', hex)]);
    expect(sum.split(' ')[0]).toBe(hex);
  }
}

/** Bytes of big layers that are here, finished or not. */
function bytesHere(): number {
  const sizes = (...path: string[]) => files(...path).map((file) => statSync(at(...path, file)).size);
  return [...sizes('content', 'partial'), ...sizes('content', 'blobs', 'sha256')].reduce((a, b) => a + b, 0);
}

interface Line {
  id?: string;
  status?: string;
  error?: string;
  progressDetail?: { current?: number; total?: number };
}

/** Pulls by the API and adds up what had to be fetched: of each layer, what the first progress left to come. */
async function fetched(): Promise<number> {
  const response = await engine.api(`/images/create?fromImage=${registry.host}/big&tag=1`, {
    method: 'POST',
  });
  const lines = (await response.text())
    .split('\r\n')
    .filter(Boolean)
    .map((line): Line => JSON.parse(line));
  expect(lines.find((line) => line.error)).toBeUndefined();
  const first = new Map<string, number>();
  for (const { id, status, progressDetail } of lines)
    if (status === 'Downloading' && id !== undefined && !first.has(id))
      first.set(id, (progressDetail?.total ?? 0) - (progressDetail?.current ?? 0));
  return [...first.values()].reduce((a, b) => a + b, 0);
}

if (isGantry) {
  for (let round = 0; round < rounds; round++)
    test(
      `killed during a pull: the next one goes on (${round})`,
      async () => {
        await killedDuring(['pull', name], 600);
        await expectConsistent();
        const here = bytesHere();
        const rest = await fetched();
        // Up to a batch of each layer was on its way to the disk, and progress is told in steps.
        expect(rest).toBeLessThanOrEqual(layerCount * layerBytes - here + layerCount * (2 << 20));
        expect(files('content', 'partial')).toEqual([]);
        await expectConsistent();
        await engine.ok('docker', 'rmi', name);
        expect(files('content', 'blobs', 'sha256')).toEqual([]);
      },
      patience(120_000),
    );

  test(
    'a pull that was given up is forgotten by prune',
    async () => {
      const pull = Bun.spawn(engine.argv('docker', ['pull', name]), { stdout: 'ignore', stderr: 'ignore' });
      await eventually(() => bytesHere() > 1 << 20, 'something is here');
      pull.kill();
      await pull.exited;
      await engine.ok('docker', 'image', 'prune', '-f');
      await eventually(() => bytesHere() === 0, 'the space is back');
    },
    patience(60_000),
  );

  for (let round = 0; round < rounds; round++)
    test(
      `killed during a load (${round})`,
      async () => {
        await killedDuring(['load', '-i', archive], 700);
        await expectConsistent();
        await engine.ok('docker', 'load', '-i', archive);
        expect(await engine.ok('docker', 'images', '-q')).toMatch(/^[0-9a-f]{12}$/);
        await engine.ok('docker', 'rmi', 'big:1');
        await expectConsistent();
        expect(files('content', 'blobs', 'sha256')).toEqual([]);
      },
      patience(120_000),
    );

  for (let round = 0; round < rounds; round++)
    test(
      `killed during an rmi (${round})`,
      async () => {
        await engine.ok('docker', 'load', '-i', archive);
        await killedDuring(['rmi', 'big:1'], 120);
        await expectConsistent();
        const left = await engine.ok('docker', 'images', '-q');
        if (left !== '') await engine.ok('docker', 'rmi', 'big:1');
        await eventually(() => files('content', 'blobs', 'sha256').length === 0, 'nothing is left');
        await expectConsistent();
      },
      patience(120_000),
    );
} else test('survival of the daemon is for Docker an option', () => expect(isGantry).toBe(false));
