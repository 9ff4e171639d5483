/** The table of commands: names, one-line descriptions, and where each lives. A command's file is loaded only when it runs. */
import type { Command } from './command.ts';

export interface Entry {
  /** Name at the top level; null when only the group has it. */
  readonly name: string | null;
  /** `container ls`; null when only the top level has it. */
  readonly grouped: string | null;
  /** More names it answers to. */
  readonly also?: readonly string[];
  readonly short: string;
  readonly common?: true;
  readonly hidden?: true;
  readonly load: () => Promise<{ command: Command }>;
}

const entry = (
  name: string | null,
  grouped: string | null,
  short: string,
  load: Entry['load'],
  more: Pick<Entry, 'also' | 'common' | 'hidden'> = {},
): Entry => ({ name, grouped, short, load, ...more });

export const entries: readonly Entry[] = [
  entry('build', 'image build', 'Build an image from a Dockerfile', () => import('./commands/build.ts'), {
    also: ['builder build', 'buildx build', 'buildx b'],
    common: true,
  }),
  entry(
    'run',
    'container run',
    'Create and run a new container from an image',
    () => import('./commands/run.ts'),
    {
      common: true,
    },
  ),
  entry(
    'exec',
    'container exec',
    'Execute a command in a running container',
    () => import('./commands/exec.ts'),
    {
      common: true,
    },
  ),
  entry('ps', 'container ls', 'List containers', () => import('./commands/ps.ts'), {
    also: ['container list', 'container ps'],
    common: true,
  }),
  entry('pull', 'image pull', 'Download an image from a registry', () => import('./commands/pull.ts'), {
    common: true,
  }),
  entry('push', 'image push', 'Upload an image to a registry', () => import('./commands/push.ts'), {
    common: true,
  }),
  entry('images', 'image ls', 'List images', () => import('./commands/images.ts'), {
    also: ['image list'],
    common: true,
  }),
  entry('login', null, 'Authenticate to a registry', () => import('./commands/login.ts'), { common: true }),
  entry('logout', null, 'Log out from a registry', () => import('./commands/logout.ts'), { common: true }),
  entry('search', null, 'Search Docker Hub for images', () => import('./commands/search.ts'), {
    common: true,
  }),
  entry('version', null, 'Show the gantry version information', () => import('./commands/version.ts'), {
    common: true,
  }),
  entry('info', 'system info', 'Display system-wide information', () => import('./commands/info.ts'), {
    common: true,
  }),
  entry(
    'attach',
    'container attach',
    'Attach local standard input, output, and error streams to a running container',
    () => import('./commands/attach.ts'),
  ),
  entry(
    'commit',
    'container commit',
    "Create a new image from a container's changes",
    () => import('./commands/commit.ts'),
  ),
  entry(
    'cp',
    'container cp',
    'Copy files/folders between a container and the local filesystem',
    () => import('./commands/cp.ts'),
  ),
  entry('create', 'container create', 'Create a new container', () => import('./commands/create.ts')),
  entry(
    'diff',
    'container diff',
    "Inspect changes to files or directories on a container's filesystem",
    () => import('./commands/diff.ts'),
  ),
  entry(
    'events',
    'system events',
    'Get real time events from the server',
    () => import('./commands/events.ts'),
  ),
  entry(
    'export',
    'container export',
    "Export a container's filesystem as a tar archive",
    () => import('./commands/export.ts'),
  ),
  entry('history', 'image history', 'Show the history of an image', () => import('./commands/history.ts')),
  entry(
    'import',
    'image import',
    'Import the contents from a tarball to create a filesystem image',
    () => import('./commands/import.ts'),
  ),
  entry(
    'inspect',
    null,
    'Return low-level information on gantry objects',
    () => import('./commands/inspect.ts'),
  ),
  entry('kill', 'container kill', 'Kill one or more running containers', () => import('./commands/kill.ts')),
  entry(
    'load',
    'image load',
    'Load an image from a tar archive or STDIN',
    () => import('./commands/load.ts'),
  ),
  entry('logs', 'container logs', 'Fetch the logs of a container', () => import('./commands/logs.ts')),
  entry(
    'pause',
    'container pause',
    'Pause all processes within one or more containers',
    () => import('./commands/pause.ts'),
  ),
  entry(
    'port',
    'container port',
    'List port mappings or a specific mapping for the container',
    () => import('./commands/port.ts'),
  ),
  entry('rename', 'container rename', 'Rename a container', () => import('./commands/rename.ts')),
  entry(
    'restart',
    'container restart',
    'Restart one or more containers',
    () => import('./commands/restart.ts'),
  ),
  entry('rm', 'container rm', 'Remove one or more containers', () => import('./commands/rm.ts'), {
    also: ['container remove'],
  }),
  entry('rmi', 'image rm', 'Remove one or more images', () => import('./commands/rmi.ts'), {
    also: ['image remove'],
  }),
  entry(
    'save',
    'image save',
    'Save one or more images to a tar archive (streamed to STDOUT by default)',
    () => import('./commands/save.ts'),
  ),
  entry(
    'start',
    'container start',
    'Start one or more stopped containers',
    () => import('./commands/start.ts'),
  ),
  entry(
    'stats',
    'container stats',
    'Display a live stream of container(s) resource usage statistics',
    () => import('./commands/stats.ts'),
  ),
  entry('stop', 'container stop', 'Stop one or more running containers', () => import('./commands/stop.ts')),
  entry(
    'tag',
    'image tag',
    'Create a tag TARGET_IMAGE that refers to SOURCE_IMAGE',
    () => import('./commands/tag.ts'),
  ),
  entry(
    'top',
    'container top',
    'Display the running processes of a container',
    () => import('./commands/top.ts'),
  ),
  entry(
    'unpause',
    'container unpause',
    'Unpause all processes within one or more containers',
    () => import('./commands/unpause.ts'),
  ),
  entry(
    'update',
    'container update',
    'Update configuration of one or more containers',
    () => import('./commands/update.ts'),
  ),
  entry(
    'wait',
    'container wait',
    'Block until one or more containers stop, then print their exit codes',
    () => import('./commands/wait.ts'),
  ),
  entry(null, 'builder prune', 'Remove build cache', () => import('./commands/builder-prune.ts'), {
    also: ['buildx prune'],
  }),
  entry(null, 'builder du', 'Disk usage', () => import('./commands/builder-du.ts'), {
    also: ['buildx du'],
  }),
  entry(
    null,
    'container inspect',
    'Display detailed information on one or more containers',
    () => import('./commands/container-inspect.ts'),
  ),
  entry(
    null,
    'container prune',
    'Remove all stopped containers',
    () => import('./commands/container-prune.ts'),
  ),
  entry(
    null,
    'image inspect',
    'Display detailed information on one or more images',
    () => import('./commands/image-inspect.ts'),
  ),
  entry(
    null,
    'image pin',
    'Keep images when others are removed by policy',
    () => import('./commands/image-pin.ts'),
  ),
  entry(null, 'image unpin', 'Undo image pin', () => import('./commands/image-unpin.ts')),
  entry(null, 'image prune', 'Remove unused images', () => import('./commands/image-prune.ts')),
  entry(
    null,
    'manifest inspect',
    'Display an image manifest, or manifest list',
    () => import('./commands/manifest-inspect.ts'),
  ),
  entry(
    null,
    'network connect',
    'Connect a container to a network',
    () => import('./commands/network-connect.ts'),
  ),
  entry(null, 'network create', 'Create a network', () => import('./commands/network-create.ts')),
  entry(
    null,
    'network disconnect',
    'Disconnect a container from a network',
    () => import('./commands/network-disconnect.ts'),
  ),
  entry(
    null,
    'network inspect',
    'Display detailed information on one or more networks',
    () => import('./commands/network-inspect.ts'),
  ),
  entry(null, 'network ls', 'List networks', () => import('./commands/network-ls.ts'), {
    also: ['network list'],
  }),
  entry(null, 'network prune', 'Remove all unused networks', () => import('./commands/network-prune.ts')),
  entry(
    null,
    'network repair',
    'Mend the links and firewall rules of networks on the host',
    () => import('./commands/network-repair.ts'),
  ),
  entry(null, 'network rm', 'Remove one or more networks', () => import('./commands/network-rm.ts'), {
    also: ['network remove'],
  }),
  entry(null, 'system df', 'Show gantry disk usage', () => import('./commands/system-df.ts')),
  entry(
    null,
    'system dial-stdio',
    'Proxy the stdio stream to the daemon connection. Should not be invoked manually.',
    () => import('./commands/dial-stdio.ts'),
    {
      hidden: true,
    },
  ),
  entry(null, 'system fsck', 'Check (and repair) what is on disk', () => import('./commands/system-fsck.ts')),
  entry(null, 'system gc', 'Remove unused images by a policy', () => import('./commands/system-gc.ts')),
  entry(null, 'system prune', 'Remove unused data', () => import('./commands/system-prune.ts')),
  entry(null, 'volume cp', 'Copy a volume', () => import('./commands/volume-cp.ts')),
  entry(null, 'volume create', 'Create a volume', () => import('./commands/volume-create.ts')),
  entry(
    null,
    'volume export',
    "Export a volume's files as a tar archive",
    () => import('./commands/volume-export.ts'),
  ),
  entry(
    null,
    'volume import',
    'Import a tar archive into a volume',
    () => import('./commands/volume-import.ts'),
  ),
  entry(
    null,
    'volume inspect',
    'Display detailed information on one or more volumes',
    () => import('./commands/volume-inspect.ts'),
  ),
  entry(null, 'volume ls', 'List volumes', () => import('./commands/volume-ls.ts'), {
    also: ['volume list'],
  }),
  entry(null, 'volume mv', 'Rename a volume', () => import('./commands/volume-mv.ts')),
  entry(null, 'volume prune', 'Remove unused local volumes', () => import('./commands/volume-prune.ts')),
  entry(null, 'volume pull', 'Download a volume from a registry', () => import('./commands/volume-pull.ts')),
  entry(null, 'volume push', 'Upload a volume to a registry', () => import('./commands/volume-push.ts')),
  entry(
    null,
    'volume restore',
    "Put a snapshot's files in place of a volume's",
    () => import('./commands/volume-restore.ts'),
  ),
  entry(
    null,
    'volume rm',
    'Remove one or more volumes. You cannot remove a volume that is in use by a container.',
    () => import('./commands/volume-rm.ts'),
    { also: ['volume remove'] },
  ),
  entry(
    null,
    'volume snapshot',
    'Take, list and remove snapshots of a volume',
    () => import('./commands/volume-snapshot.ts'),
  ),
  entry(
    null,
    'volume update',
    'Update a volume (cluster volumes only)',
    () => import('./commands/volume-update.ts'),
  ),
];

export const groups: Readonly<Record<string, string>> = {
  builder: 'Manage builds',
  buildx: 'Manage builds, by the names that docker buildx has for it',
  container: 'Manage containers',
  image: 'Manage images',
  manifest: 'Manage Docker image manifests and manifest lists',
  network: 'Manage networks',
  system: 'Manage gantry',
  volume: 'Manage volumes',
};

/** Docker commands that later versions bring. */
export const notYet: ReadonlySet<string> = new Set([
  ...'checkpoint compose config context node plugin secret service stack swarm trust'.split(' '),
  ...['annotate', 'create', 'push', 'rm'].map((name) => `manifest ${name}`),
  ...'bake create dap debug dial-stdio history imagetools inspect ls policy rm stop use version'
    .split(' ')
    .map((name) => `buildx ${name}`),
]);

export interface Found {
  entry: Entry;
  /** The name to show: an alias is shown as the command it stands for. */
  path: string;
}

/** `words` are one or two words of the command line. */
export function findCommand(path: string): Found | null {
  for (const entry of entries) {
    if (entry.name === path) return { entry, path };
    if (entry.grouped === path || entry.also?.includes(path)) return { entry, path: entry.grouped ?? path };
  }
  return null;
}
