/** What listings, inspections and reports print: byte for byte what the Docker CLI prints for the same answers. */
import { describe, expect, test } from 'bun:test';
import { answers } from './answers.ts';
import { asGantry, both, noOracle, type Seen } from './oracle.ts';

const same: readonly string[][] = [
  ['ps'],
  ['ps', '-a', '--no-trunc'],
  ['ps', '-q'],
  ['ps', '-aq', '--no-trunc'],
  ['ps', '-s'],
  ['ps', '-n', '2'],
  ['ps', '-l', '-f', 'status=exited', '--filter', 'label=a=b'],
  ['ps', '--format', 'json'],
  ['ps', '--format', '{{json .}}'],
  ['ps', '--format', 'table {{.ID}}\\t{{.Names}}\\t{{.Label "com.example.some-role"}}'],
  ['ps', '--format', '{{.ID}}: {{.Command}} {{.Image}} {{.RunningFor}} {{.Ports}} {{.Labels}}'],
  [
    'ps',
    '--format',
    '{{.Mounts}}|{{.LocalVolumes}}|{{.Networks}}|{{.State}}|{{.Status}}|{{.CreatedAt}}|{{.Size}}',
  ],
  [
    'ps',
    '--format',
    '{{range split .Names ","}}<{{upper .}}>{{end}}{{if eq .State "running"}}up{{else}}down{{end}}',
  ],
  ['ps', '--format', '{{.Foo}}'],
  ['ps', '--format', '{{.ID'],
  ['ps', '--format', '{{foo}}'],
  ['ps', '--format', 'table {{.ID}}\\t{{upper .State}}\\t{{pad .Image 1 2}}x'],
  ['images'],
  ['images', '-a', '--digests'],
  ['images', '-q'],
  ['images', '-q', '--no-trunc'],
  ['images', '--no-trunc'],
  [
    'images',
    '--format',
    '{{.Repository}}:{{.Tag}} {{.ID}} {{.Size}} {{.CreatedSince}} {{.CreatedAt}} {{.Digest}}',
  ],
  ['images', '--format', 'json'],
  [
    'images',
    '--format',
    'table {{.Repository}}\\t{{.Containers}}\\t{{.SharedSize}}\\t{{.UniqueSize}}\\t{{.VirtualSize}}',
  ],
  ['image', 'ls', 'busybox'],
  ['history', 'busybox'],
  ['history', '--no-trunc', 'busybox'],
  ['history', '-q', 'busybox'],
  ['history', '-H=false', 'busybox'],
  ['history', '--format', 'json', 'busybox'],
  ['volume', 'ls'],
  ['volume', 'ls', '-q'],
  ['volume', 'ls', '--format', 'json'],
  ['volume', 'ls', '--format', '{{.Name}} {{.Label "a"}} {{.Mountpoint}} {{.Links}} {{.Size}}'],
  ['network', 'ls'],
  ['network', 'ls', '-q'],
  ['network', 'ls', '--no-trunc'],
  ['network', 'ls', '--format', 'json'],
  ['network', 'ls', '--format', '{{.Name}} {{.CreatedAt}} {{.Internal}} {{.IPv6}} {{.Labels}}'],
  ['inspect', 'web'],
  ['inspect', 'web', 'web'],
  ['inspect', '-s', 'web'],
  ['inspect', 'busybox'],
  ['inspect', 'nope'],
  ['inspect', 'nope', 'web'],
  ['inspect', '--format', '{{.Id}}', 'nope'],
  ['inspect', '--type', 'image', 'web'],
  ['inspect', '--type', 'foo', 'web'],
  ['inspect', '--type', 'network', 'bridge'],
  ['inspect', 'data'],
  ['inspect', '-f', '{{.ID}} {{.Name}}', 'web'],
  ['inspect', '-f', '{{.Id}} {{.Name}}', 'web'],
  ['inspect', '-f', '{{.State.Running}} {{.State.Pid}} {{.State.Health}} {{.HostConfig.Memory}}', 'web'],
  ['inspect', '-f', '{{range .Mounts}}{{.Name}}:{{.Destination}};{{end}}', 'web'],
  ['inspect', '-f', '{{.Config.Env}} {{.Config.Cmd}} {{.Config.Entrypoint}} {{.HostConfig.Binds}}', 'web'],
  [
    'inspect',
    '-f',
    '{{range $p, $b := .NetworkSettings.Ports}}{{$p}} {{(index $b 0).HostPort}} {{end}}',
    'web',
  ],
  [
    'inspect',
    '-f',
    '{{index .Config.Labels "com.example.some-role"}}|{{index .Config.Labels "none"}}',
    'web',
  ],
  ['inspect', '-f', '{{json .Config.Env}} {{json .State.Status}} {{len .Config.Env}}', 'web'],
  ['inspect', '-f', '{{.NetworkSettings.IPAddress}} {{.NetworkSettings.Networks.bridge.Gateway}}', 'web'],
  ['inspect', '-f', '{{if .State.Health}}{{.State.Health.Status}}{{else}}none{{end}}', 'web'],
  ['inspect', '-f', '{{.Nope}}', 'web'],
  ['inspect', '-f', '{{.State.Nope}}', 'web'],
  ['inspect', '-f', '{{.Id', 'web'],
  ['inspect', '-f', '{{.HostConfig.CPUShares}} {{.HostConfig.NanoCPUs}}', 'web'],
  ['inspect', '-f', '{{.Config.Healthcheck}} {{.HostConfig.Init}} {{.HostConfig.PidsLimit}}', 'web'],
  ['inspect', '-f', '{{printf "%.12s %q %d" .ID .Name .State.ExitCode}}', 'web'],
  ['inspect', '-f', 'json', 'web'],
  [
    'inspect',
    '-f',
    '{{.HostConfig.RestartPolicy.Name}} {{.HostConfig.NetworkMode}} {{.RestartCount}}',
    'web',
  ],
  ['container', 'inspect', 'web'],
  ['container', 'inspect', 'nope'],
  ['image', 'inspect', 'busybox'],
  ['image', 'inspect', '-f', '{{.Os}}/{{.Architecture}} {{.Config.Cmd}} {{.RepoTags}} {{.Size}}', 'busybox'],
  ['image', 'inspect', 'nope'],
  ['volume', 'inspect', 'data'],
  ['volume', 'inspect', 'nope'],
  ['network', 'inspect', 'bridge'],
  ['network', 'inspect', '-f', '{{range .IPAM.Config}}{{.Subnet}}{{end}} {{.Options}}', 'bridge'],
  ['port', 'web'],
  ['port', 'web', '80'],
  ['port', 'web', '53/udp'],
  ['port', 'web', '99'],
  ['top', 'web'],
  ['stats', '--no-stream', 'web'],
  ['stats', '--no-stream', '--format', 'json', 'web'],
  ['stats', '--no-stream', '--format', '{{.Name}}: {{.CPUPerc}}', 'web'],
  ['wait', 'web'],
  ['wait', 'nope', 'web'],
  ['rm', 'web', 'nope'],
  ['rm', '-f', 'nope'],
  ['rmi', 'busybox', 'nope'],
  ['rmi', '-f', 'nope'],
  ['stop', 'web', 'nope'],
  ['kill', '-s', 'HUP', 'web'],
  ['start', 'web'],
  ['start', 'nope', 'web'],
  ['start', '-a', 'a', 'b'],
  ['pause', 'web'],
  ['unpause', 'nope'],
  ['restart', '-t', '1', 'web'],
  ['rename', 'web', 'db'],
  ['rename', 'web', ' '],
  ['update', 'web'],
  ['update', '-m', '64m', 'web'],
  ['tag', 'busybox', 'my/busybox:1'],
  ['commit', '--help'],
  ['commit', '-a', 'me', '-m', 'note', 'web', 'web'],
  ['commit', '-a', 'me', '-m', 'note', '-c', 'CMD', '-c', 'ENV', '--pause=false', 'web', 'my/web:1'],
  ['commit', 'a', 'b', 'c'],
  ['tag', 'busybox', 'localhost:5000/busybox'],
  ['system', 'df'],
  ['system', 'df', '-v'],
  ['system', 'df', '--format', 'json'],
  ['system', 'prune', '-f'],
  ['system', 'prune', '-af', '--volumes'],
  ['system', 'prune'],
  ['system', 'prune', '-a', '--volumes'],
  ['container', 'prune', '-f'],
  ['image', 'prune', '-f'],
  ['image', 'prune', '-af'],
  ['volume', 'prune', '-f'],
  ['volume', 'prune', '-af', '--filter', 'label=x'],
  ['network', 'prune', '-f'],
  ['container', 'prune'],
  ['image', 'prune', '-a'],
  ['volume', 'create', 'data'],
  ['volume', 'create', '-o', 'type=tmpfs', '-o', 'device=tmpfs', '--label', 'a=b'],
  ['volume', 'rm', 'data', 'nope'],
  [
    'network',
    'create',
    '--subnet',
    '10.1.0.0/16',
    '--gateway',
    '10.1.0.1',
    '--ip-range',
    '10.1.5.0/24',
    'my',
  ],
  ['network', 'create', '-d', 'bridge', '--internal', '--ipv6', '-o', 'a=b', '--label', 'c=d', 'my'],
  ['network', 'connect', '--ip', '10.1.0.5', '--alias', 'x', 'my', 'web'],
  ['network', 'disconnect', '-f', 'my', 'web'],
  ['network', 'rm', 'my'],
  ['events', '--since', '1', '--until', '2'],
  ['events', '--since', '1', '--until', '2', '--format', 'json'],
  ['events', '--since', '1', '--until', '2', '--format', '{{.Type}} {{.Action}} {{.Actor.ID}} {{.Time}}'],
  ['events', '--format', '{{.A'],
  ['logs', 'web'],
  ['logs', '-n', '5', '-t', '--since', '2024-01-01', '--until', '2024-01-02T03:04:05.5Z', '--details', 'web'],
  ['logs', 'nope'],
  ['attach', 'nope'],
  ['ps', '-f', 'foo'],
  ['ps', 'x'],
  ['images', 'a', 'b'],
  ['port'],
  ['rename', 'x'],
  ['container', 'bogus'],
  ['help', 'bogus'],
  ['load', '-i', '/nonexistent'],
  ['run'],
  ['run', '-d', '-a', 'stdout', 'busybox'],
  ['run', '-it', 'busybox'],
  ['run', '-d', 'busybox'],
  ['--bogus', 'ps'],
  ['exec', 'web'],
  ['inspect'],
  ['import'],
];

const lists = /^\/(containers\/json|images\/json|networks|volumes|events|system\/df)(\?|$)/;

/** What was asked, without the look-ups that only one of the two needs. */
function requests(seen: readonly Seen[]): string[] {
  const telling = seen.filter(
    ({ method, path }) => (method !== 'GET' && !path.includes('/wait')) || lists.test(path),
  );
  // Objects are handled side by side, in no order, by both.
  return telling.map(({ method, path }) => `${method} ${path.split('?')[0]} ${sortedQuery(path)}`).sort();
}

function sortedQuery(path: string): string {
  const [, query = ''] = path.split('?');
  // Of docker, for pruning the build cache: no filter.
  const given = query.split('&').filter((pair) => pair !== 'filters=');
  return given.map(decodeURIComponent).sort().join('&');
}

const pruning = [
  ['prune', '-f'],
  ['prune', '-af', '--filter', 'until=24h', '--keep-storage', '1g'],
  ['prune'],
  ['prune', '-a'],
];

/** docker says on standard error that its builder is old. */
describe.skipIf(noOracle)('builder', () => {
  test.concurrent.each(pruning.map((argv) => [argv.join(' '), argv] as const))('%s', async (_, argv) => {
    const { docker, gantry } = await both(['builder', ...argv], answers, { DOCKER_BUILDKIT: '0' });
    expect(gantry.stdout).toBe(docker.stdout);
    expect([gantry.code, requests(gantry.seen)]).toEqual([docker.code, requests(docker.seen)]);
  });
});

describe.skipIf(noOracle)('output is the Docker CLI’s', () => {
  test.concurrent.each(same.map((argv) => [argv.join(' '), argv] as const))('%s', async (_, argv) => {
    const { docker, gantry } = await both([...argv], answers);
    expect(gantry.stdout).toBe(asGantry(docker.stdout));
    expect(gantry.stderr).toBe(asGantry(docker.stderr));
    expect(gantry.code).toBe(docker.code);
    expect(requests(gantry.seen)).toEqual(requests(docker.seen));
  });
});
