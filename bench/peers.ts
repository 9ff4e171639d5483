/** Who takes part: one face over gantry by its own command, gantry by docker's, Docker and Podman, each in a network of its own. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { command, succeed } from '../test/rig/command.ts';
import { dockerBinary, gantryBinary, TestEngine } from '../test/rig/engine.ts';
import { busybox, busyboxTar } from '../test/rig/images.ts';
import { TestNetwork } from '../test/rig/netns.ts';

export interface Peer {
  name: string;
  /** The whole command line for `args` in Docker's words. */
  argv(...args: string[]): string[];
  /** Whose memory to look at; null without a daemon. */
  daemonPid: number | null;
  network: TestNetwork;
}

export interface Peers extends AsyncDisposable {
  list: Peer[];
}

/** The same engine as "gantry", by the other command line. */
export const byDocker = 'gantry (docker CLI)';

const version = async (argv: string[]) => (await command(argv)).stdout.trim();

export async function openPeers(): Promise<Peers> {
  const stack = new AsyncDisposableStack();
  const list: Peer[] = [];
  const gantry = stack.use(await TestEngine.start({ kind: 'gantry' }));
  await busybox(gantry);
  const by =
    (binary: string, engine: TestEngine) =>
    (...args: string[]) => [binary, '-H', engine.host, ...args];
  const { network } = gantry;
  list.push({ name: 'gantry', argv: by(gantryBinary, gantry), daemonPid: gantry.daemonPid, network });
  list.push({ name: byDocker, argv: by(dockerBinary, gantry), daemonPid: null, network });
  if (Bun.which('dockerd')) {
    const docker = stack.use(await TestEngine.start({ kind: 'docker' }));
    await busybox(docker);
    const about = await version([
      dockerBinary,
      '-H',
      docker.host,
      'version',
      '--format',
      '{{.Server.Version}}',
    ]);
    list.push({
      name: `Docker ${about.split('+')[0]}`,
      argv: by(dockerBinary, docker),
      daemonPid: docker.daemonPid,
      network: docker.network,
    });
  }
  if (Bun.which('podman')) list.push(await openPodman(stack));
  return { list, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

async function openPodman(stack: AsyncDisposableStack): Promise<Peer> {
  const network = stack.use(await TestNetwork.create());
  const directory = mkdtempSync(join(tmpdir(), 'gp-'));
  const roots = [
    '--root',
    join(directory, 'root'),
    '--runroot',
    join(directory, 'run'),
    '--cgroup-manager',
    'cgroupfs',
    // Debian's crun refuses cgroup v1 in hybrid mode.
    '--runtime',
    'runc',
  ];
  // Its own default asks for more open files than a machine without CAP_SYS_RESOURCE can give.
  const config = join(directory, 'containers.conf');
  await Bun.write(config, '[containers]\ndefault_ulimits = ["nofile=1024:1024", "nproc=4096:4096"]\n');
  const prefix = [...network.prefix, 'env', `CONTAINERS_CONF=${config}`, 'podman', ...roots];
  const argv = (...args: string[]) => [...prefix, ...inPodmansWords(args)];
  stack.defer(async () => {
    await command(argv('rm', '-af'));
    await command(['sh', '-c', `grep -o '${directory}[^ ]*' /proc/mounts | sort -r | xargs -r umount -l`]);
    rmSync(directory, { recursive: true, force: true });
  });
  await succeed(argv('import', '--change', 'CMD ["sh"]', busyboxTar, 'busybox:latest'));
  const about = await version(['podman', 'version', '--format', '{{.Client.Version}}']);
  return { name: `Podman ${about}`, argv, daemonPid: null, network };
}

/** `rm -f` kills at once in Docker; Podman's first waits ten seconds for a polite end. Docker takes 127.0.0.1 without TLS unasked. */
function inPodmansWords([command = '', ...rest]: string[]): string[] {
  if (command === 'rm') return [command, '-t', '0', ...rest];
  if (command === 'pull' || command === 'push') return [command, '--tls-verify=false', ...rest];
  return [command, ...rest];
}
