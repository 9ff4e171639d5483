/** `network`, `port` and the ports of `ps` beside the Docker CLI: what they ask, what they print, how they end. Then what is gantry's own. */
import { describe, expect, test } from 'bun:test';
import { command } from '../rig/command.ts';
import { answers } from './answers.ts';
import { type Answer, asGantry, both, CannedServer, meaning, noOracle, type Seen } from './oracle.ts';

const lines: readonly (readonly string[])[] = [
  ['create', 'my'],
  ['create', '-d', 'macvlan', '-o', 'parent=eth0', '--attachable', '--internal', 'my'],
  ['create', '--ipv4=false', '--ipv6', '--scope', 'local', '--ingress', 'my'],
  ['create', '--config-only', '--label', 'a', '--label', 'b=c', 'base'],
  ['create', '--config-from', 'base', 'my'],
  ['create', '--ipam-driver', 'null', '--ipam-opt', 'a=b', '--ipam-opt', 'c', 'my'],
  // The Docker CLI gives several subnets in the random order of a Go map.
  ['create', '--subnet', '10.0.0.0/24', '--gateway', '10.0.0.1', '--ip-range', '10.0.0.128/25', 'my'],
  ['create', '--subnet', '2001:DB8::/64', '--gateway', '2001:db8::1', '--ip-range', '2001:db8::/80', 'my'],
  ['create', '--subnet', '10.0.0.0/24', '--aux-address', 'a=10.0.0.5', '--aux-address', 'b=10.0.0.6', 'my'],
  ['create', '--subnet', '', '--gateway', '', 'my'],
  ['create', '--subnet', 'foo', 'my'],
  ['create', '--subnet', '10.0.0.5/24', 'my'],
  ['create', '--subnet', 'foo', '--gateway', '10.0.0.1', 'my'],
  ['create', '--subnet', 'foo', '--subnet', 'foo', 'my'],
  ['create', '--subnet', '10.0.0.0/24', '--subnet', '10.0.0.128/25', 'my'],
  ['create', '--subnet', '2001:db8::/32,2001:db8:1::/64', 'my'],
  ['create', '--gateway', '10.0.0.1', 'my'],
  ['create', '--subnet', '10.0.0.0/24', '--gateway', '10.0.1.1', 'my'],
  ['create', '--subnet', '10.0.0.0/24', '--gateway', '10.0.0.1/99', 'my'],
  ['create', '--subnet', '10.0.0.0/24', '--ip-range', '10.0.0.5', 'my'],
  ['create', '--subnet', '10.0.0.0/24', '--ip-range', '10.1.0.0/24', 'my'],
  ['create', '--subnet', '10.0.0.0/24', '--aux-address', 'a=10.1.0.1', 'my'],
  ['create', '--subnet', '10.0.0.0/24,10.1.0.0/24', '--gateway', '10.0.0.1,10.0.0.2', 'my'],
  ['create', '--subnet', '10.0.0.0/24,10.1.0.0/24', '--ip-range', '10.0.0.0/25,10.0.0.128/25', 'my'],
  ['create', '--subnet', '"10.0.0.0/24', 'my'],
  ['create', '--label', '=x', 'my'],
  ['create', ''],
  ['create'],
  ['create', 'a', 'b'],
  ['connect', 'my', 'web'],
  ['connect', '--alias', 'a', '--alias', 'b,c', '--link', 'd:e', '--gw-priority', '-5', 'my', 'web'],
  ['connect', '--ip', '10.0.0.5', '--ip6', 'foo', '--link-local-ip', '169.254.1.1,fe80::1', 'my', 'web'],
  ['connect', '--driver-opt', 'a=b,c=d', '--driver-opt', 'e=', 'my', 'web'],
  ['connect', '--driver-opt', 'a', 'my', 'web'],
  ['connect', '--gw-priority', 'x', 'my', 'web'],
  ['connect', '--link', 'a:b:c', 'my', 'web'],
  ['connect', 'nope', 'web'],
  ['connect', '', 'web'],
  ['connect', 'my', ''],
  ['connect', 'my'],
  ['disconnect', 'my', 'web'],
  ['disconnect', '-f', 'my', 'web'],
  ['disconnect', 'nope', 'web'],
  ['disconnect', '', 'web'],
  ['rm', 'my'],
  ['remove', 'nope', 'my', ''],
  ['rm', '-f', 'nope', 'my'],
  ['rm'],
  ['ls', '-f', 'name=x', '-f', 'dangling=true', '--filter', 'label=a=b', '--filter', 'label=c'],
  ['ls', '-f', 'foo'],
  ['ls', '--format', 'table {{.Name}}\t{{.IPv4}} {{.IPv6}}\t{{.Label "x"}}'],
  ['inspect', '-v', 'bridge'],
  ['inspect', 'nope', '', 'bridge'],
  ['inspect', '-f', '{{.Name}} {{.EnableIPv4}} {{.Created}} {{json .Created}} {{.Containers}}', 'bridge'],
  ['inspect', '-f', '{{.ConfigOnly}} {{.ConfigFrom.Network}} {{.Peers}} {{.Services}}', 'bridge'],
  ['inspect', '-f', '{{(index .IPAM.Config 0).AuxAddress}}{{(index .IPAM.Config 0).IPRange}}', 'bridge'],
  ['prune', '-f', '--filter', 'until=24h', '--filter', 'label!=x'],
  ['prune'],
  ...['create', 'connect', 'disconnect', 'inspect', 'ls', 'prune', 'rm'].map((name) => [name, '--help']),
];

/** Looking before removing is the Docker CLI's own affair. */
function changes(seen: readonly Seen[]) {
  return seen
    .filter(({ method }) => method !== 'GET')
    .map(({ method, path, body }) => ({ method, path: decodeURIComponent(path), body: meaning(body) }));
}

/** 28 prints the status of its error after the error of each network. */
const withoutStatus = (text: string) => text.replace(/^exit status 1\n/m, '');

describe.skipIf(noOracle)('network commands are the Docker CLI’s', () => {
  test.concurrent.each(lines.map((argv) => [argv.join(' '), argv] as const))('%s', async (_, argv) => {
    const { docker, gantry } = await both(['network', ...argv], answers);
    expect(gantry.stdout).toBe(asGantry(docker.stdout));
    expect(gantry.stderr).toBe(withoutStatus(asGantry(docker.stderr)));
    expect(gantry.code).toBe(docker.code);
    expect(changes(gantry.seen)).toEqual(changes(docker.seen));
  });
});

function bodyOf(request: string): unknown {
  const answer = answers[request];
  if (!answer) throw new Error(`no answer to ${request}`);
  return answer.body;
}

const at = (IP: string, PrivatePort: number, PublicPort = PrivatePort, Type = 'tcp') => ({
  IP,
  PrivatePort,
  PublicPort,
  Type,
});
const everywhere = (port: number, publicPort = port, type = 'tcp') =>
  ['0.0.0.0', '::'].map((ip) => at(ip, port, publicPort, type));

const rowsOfPorts = [
  [...everywhere(80, 8080)],
  [...everywhere(80), ...everywhere(81), ...everywhere(82)],
  [...everywhere(80, 8080), ...everywhere(81, 8081), at('::1', 80), at('127.0.0.1', 80)],
  [...everywhere(53, 53, 'udp'), ...everywhere(53), at('0.0.0.0', 54, 54, 'udp')],
  [at('::1', 80), at('::1', 81), at('2001:db8::1', 80), at('::1', 83)],
  [at('0.0.0.0', 7000, 7000, 'sctp'), at('0.0.0.0', 7001, 7001, 'sctp'), { PrivatePort: 7002, Type: 'sctp' }],
  [],
];

const published = {
  '80/tcp': [
    { HostIp: '0.0.0.0', HostPort: '8080' },
    { HostIp: '::', HostPort: '8080' },
  ],
  '443/tcp': [{ HostIp: '::1', HostPort: '8443' }],
  '53/udp': [{ HostIp: '2001:db8::1', HostPort: '53' }],
  '9/sctp': null,
  '7/tcp': [],
};

function withPorts(): Record<string, Answer> {
  const [row] = bodyOf('GET /containers/json') as object[];
  const web = bodyOf('GET /containers/web/json') as object;
  return {
    ...answers,
    'GET /containers/json': { body: rowsOfPorts.map((Ports) => ({ ...row, Ports })) },
    'GET /containers/web/json': { body: { ...web, NetworkSettings: { Ports: published } } },
  };
}

describe.skipIf(noOracle)('ports are shown as the Docker CLI shows them', () => {
  const commands: readonly (readonly string[])[] = [
    ['ps'],
    ['ps', '--no-trunc', '--format', 'json'],
    ['port', 'web'],
    ['port', 'web', ''],
    ['port', 'web', '80'],
    ['port', 'web', '80/'],
    ['port', 'web', '53/udp'],
    ['port', 'web', '80-81'],
    ['port', 'web', '99999'],
    ['port', 'web', '9/sctp'],
    ['port', 'web', '7'],
  ];
  test.concurrent.each(commands.map((argv) => [argv.join(' '), argv] as const))('%s', async (_, argv) => {
    const { docker, gantry } = await both([...argv], withPorts());
    expect(gantry).toMatchObject({ stdout: docker.stdout, stderr: docker.stderr, code: docker.code });
  });
});

describe('gantry’s own', () => {
  async function gantry(argv: string[], own: Record<string, Answer> = {}) {
    using server = new CannedServer({ ...answers, ...own });
    const main = new URL('../../src/main.ts', import.meta.url).pathname;
    const env = { DOCKER_CONFIG: '/nonexistent', DOCKER_HOST: server.host };
    const result = await command([process.execPath, main, ...argv], { env });
    return { ...result, seen: [...server.seen] };
  }
  const publishing = async (...argv: string[]) => {
    const { seen } = await gantry(['update', ...argv, 'web']);
    return seen[0]?.body;
  };
  const remove = (Port: string, HostPort = '', HostIp = '') => ({ Port, HostIp, HostPort });

  test('update --publish-add takes the forms of --publish', async () => {
    expect(await publishing('--publish-add', '8080:80', '--publish-add', '[::1]:53:53/udp')).toEqual({
      PublishAdd: {
        '80/tcp': [{ HostIp: '', HostPort: '8080' }],
        '53/udp': [{ HostIp: '::1', HostPort: '53' }],
      },
    });
    expect(await publishing('-m', '64m', '--publish-add', '8000-8001:80-81')).toEqual({
      Memory: 64 * 2 ** 20,
      PublishAdd: {
        '80/tcp': [{ HostIp: '', HostPort: '8000' }],
        '81/tcp': [{ HostIp: '', HostPort: '8001' }],
      },
    });
  });

  test.each<[string, object[]]>([
    ['8080:80', [remove('80/tcp', '8080')]],
    ['80', [remove('80/tcp')]],
    ['80/udp', [remove('80/udp')]],
    ['127.0.0.1:8080:80', [remove('80/tcp', '8080', '127.0.0.1')]],
    ['[::1]::80', [remove('80/tcp', '', '::1')]],
    ['80-81/sctp', [remove('80/sctp'), remove('81/sctp')]],
    ['8000-8001:80-81', [remove('80/tcp', '8000'), remove('81/tcp', '8001')]],
    ['8000-8009:80', [remove('80/tcp', '8000-8009')]],
  ])('update --publish-rm %s', async (spec, PublishRemove) => {
    expect(await publishing('--publish-rm', spec)).toEqual({ PublishRemove });
  });

  test('both at once, for several containers; what is no port is asked of nobody', async () => {
    const argv = ['container', 'update', '--publish-rm', '80', '--publish-add', '81', 'web', 'nope'];
    const { seen, stdout, code } = await gantry(argv);
    const body = {
      PublishAdd: { '81/tcp': [{ HostIp: '', HostPort: '' }] },
      PublishRemove: [remove('80/tcp')],
    };
    expect(seen.map((one) => one.body)).toEqual([body, body]);
    expect([stdout, code]).toEqual(['web\ncareful\n', 1]);
    const wrong = await gantry(['update', '--publish-add', '80:x', 'web']);
    expect(wrong).toMatchObject({ seen: [], stderr: 'invalid containerPort: x\n', code: 1 });
  });

  test('capitals stay in the long form of --network', async () => {
    const value = 'name=MyNet,alias=Web,driver-opt=com.docker.network.endpoint.ifname=Lan0';
    const { seen } = await gantry(['create', '--network', value, 'busybox']);
    expect(seen[0]?.body).toMatchObject({
      HostConfig: { NetworkMode: 'MyNet' },
      NetworkingConfig: {
        EndpointsConfig: {
          MyNet: { Aliases: ['Web'], DriverOpts: { 'com.docker.network.endpoint.ifname': 'Lan0' } },
        },
      },
    });
  });

  test('network repair prints what was mended', async () => {
    const path = 'POST /networks/repair';
    const some = {
      [path]: { body: { Repaired: ['a: its bridge was missing', 'b: its rules were missing'] } },
    };
    expect(await gantry(['network', 'repair'], some)).toMatchObject({
      stdout: 'a: its bridge was missing\nb: its rules were missing\n',
      stderr: '',
      code: 0,
    });
    expect(await gantry(['network', 'repair'], { [path]: { body: { Repaired: [] } } })).toMatchObject({
      stdout: '',
      stderr: 'Nothing to repair.\n',
      code: 0,
    });
    expect((await gantry(['network', 'repair', 'x'])).stderr).toContain('accepts no arguments');
  });
});
