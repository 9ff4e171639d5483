/** What an engine may not leave behind once its containers are removed. Docker's own habits are not judged. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { command, eventually } from './command.ts';
import { isGantry, type TestEngine } from './engine.ts';

const inode = async (engine: TestEngine) =>
  (await command(['stat', '-Lc', '%i', `/run/netns/${engine.network.name}`])).stdout.trim();

/** Removes every container and says what of them is still there. */
export async function leftovers(engine: TestEngine): Promise<string[]> {
  const ids = (await engine.ok('docker', 'ps', '-aq', '--no-trunc')).split('\n').filter(Boolean);
  if (ids.length > 0) await engine.ok('docker', 'rm', '-fv', ...ids);
  if (!isGantry) return [];
  let found: string[] = [];
  try {
    await eventually(async () => {
      found = await look(engine, ids);
      return found.length === 0;
    }, 'nothing is left');
  } catch {
    // `found` says it better
  }
  return found;
}

async function look(engine: TestEngine, ids: string[]): Promise<string[]> {
  return [
    ...mounts(engine),
    ...cgroups(ids),
    ...directory(engine, join(engine.execRoot, 'shim')),
    ...directory(engine, join(engine.execRoot, 'containers')),
    ...directory(engine, join(engine.dataRoot, 'containers')),
    ...(await processes(engine)),
    ...(await links(engine)),
    ...(await rules(engine)),
  ];
}

const mounts = (engine: TestEngine) =>
  readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .filter((line) => line.includes(engine.directory) || line.includes(`${engine.dataRoot}/`))
    .map((line) => `mount ${line}`);

function cgroups(ids: string[]): string[] {
  const roots = readdirSync('/sys/fs/cgroup').map((name) => join('/sys/fs/cgroup', name, 'gantry'));
  return [...roots, '/sys/fs/cgroup/gantry']
    .filter((root) => existsSync(root))
    .flatMap((root) => ids.map((id) => join(root, id)).filter((path) => existsSync(path)))
    .map((path) => `cgroup ${path}`);
}

function directory(engine: TestEngine, path: string): string[] {
  return existsSync(path)
    ? readdirSync(path).map((name) => `file ${path.replace(engine.directory, '')}/${name}`)
    : [];
}

/** Shims, and the servers of fuse-overlayfs: no argument tells which engine's they are, their network namespace does. */
async function processes(engine: TestEngine): Promise<string[]> {
  const result = await command(['pgrep', '-af', 'gantry-init shim [0-9a-f]|fuse-overlayfs -f ']);
  const mine: string[] = [];
  const namespace = await inode(engine);
  for (const line of result.stdout.split('\n').filter(Boolean)) {
    const pid = line.split(' ')[0] ?? '';
    const net = await command(['stat', '-Lc', '%i', `/proc/${pid}/ns/net`]);
    if (net.stdout.trim() === namespace) mine.push(`process ${line}`);
  }
  return mine;
}

async function links(engine: TestEngine): Promise<string[]> {
  const result = await command(['ip', '-n', engine.network.name, '-o', 'link', 'show', 'type', 'veth']);
  return result.stdout
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.includes(' up0'))
    .map((line) => `link ${line}`);
}

/** What belongs to a container. The table itself, and what it says of networks, stays as long as the daemon's bridges do. */
const ofContainers = /^(published|anywhere|ranges|open|passages)[46]$/;

async function rules(engine: TestEngine): Promise<string[]> {
  const result = await command([...engine.network.prefix, 'nft', '-j', 'list', 'ruleset']);
  if (result.code !== 0) return [`nft: ${result.stderr}`];
  const list: { map?: { name: string; elem?: unknown[] }; set?: { name: string; elem?: unknown[] } }[] =
    JSON.parse(result.stdout).nftables;
  return list
    .flatMap((item) => [item.map, item.set])
    .filter((item) => (item?.elem?.length ?? 0) > 0 && ofContainers.test(item?.name ?? ''))
    .map((item) => `nft elements in ${item?.name}: ${JSON.stringify(item?.elem)}`);
}
