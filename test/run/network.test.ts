import { expect } from 'bun:test';
import { command, eventually } from '../rig/command.ts';
import { suite } from '../rig/suite.ts';

const { each, once } = suite();
const server =
  'while :; do printf "HTTP/1.0 200 OK\\r\\nContent-Length: 3\\r\\n\\r\\nhi\\n" | nc -l -p 80; done';

each('a published port answers from outside and on the loopback', async (cli, engine) => {
  await engine.ok(cli, 'run', '-d', '--name', 'web', '-p', '8080:80', 'busybox', 'sh', '-c', server);
  for (const address of ['127.0.0.1', engine.network.addresses.inside])
    await eventually(
      async () => (await engine.curl(`http://${address}:8080/`)).stdout === 'hi\n',
      `${address} answers`,
    );
  expect(await engine.ok(cli, 'port', 'web')).toContain('80/tcp -> 0.0.0.0:8080');
  expect(await engine.ok(cli, 'port', 'web', '80')).toContain('0.0.0.0:8080');
  expect(await engine.ok(cli, 'ps', '--format', '{{.Ports}}')).toContain('0.0.0.0:8080->80/tcp');
  await engine.ok(cli, 'rm', '-f', 'web');
  expect((await engine.curl('http://127.0.0.1:8080/')).code).not.toBe(0);
});

each('published on one address only', async (cli, engine) => {
  await engine.ok(
    cli,
    'run',
    '-d',
    '--name',
    'local',
    '-p',
    '127.0.0.1:8081:80',
    'busybox',
    'sh',
    '-c',
    server,
  );
  await eventually(
    async () => (await engine.curl('http://127.0.0.1:8081/')).stdout === 'hi\n',
    'loopback answers',
  );
  expect((await engine.curl(`http://${engine.network.addresses.inside}:8081/`)).code).not.toBe(0);
  await engine.ok(cli, 'rm', '-f', 'local');
});

each('a port that the engine chooses, and ranges', async (cli, engine) => {
  const id = await engine.ok(
    cli,
    'run',
    '-d',
    '-p',
    '80',
    '-p',
    '9000-9002:7000-7002',
    'busybox',
    'sh',
    '-c',
    server,
  );
  const chosen = (await engine.ok(cli, 'port', id, '80')).split('\n')[0]?.split(':').at(-1);
  await eventually(
    async () => (await engine.curl(`http://127.0.0.1:${chosen}/`)).stdout === 'hi\n',
    'answers',
  );
  expect(await engine.ok(cli, 'port', id, '7002')).toContain('0.0.0.0:9002');
  await engine.ok(cli, 'rm', '-f', id);
});

each('a port in use', async (cli, engine) => {
  await engine.ok(cli, 'run', '-d', '--name', 'one', '-p', '8082:80', 'busybox', 'sleep', '60');
  const two = await engine.run(cli, [
    'run',
    '-d',
    '--name',
    'two',
    '-p',
    '8082:80',
    'busybox',
    'sleep',
    '60',
  ]);
  expect(two.code).toBe(125);
  expect(two.stderr).toContain('port is already allocated');
  expect(await engine.ok(cli, 'inspect', '-f', '{{.State.Status}}', 'two')).toBe('created');
  await engine.ok(cli, 'rm', '-f', 'one');
  await engine.ok(cli, 'start', 'two');
  await engine.ok(cli, 'rm', '-f', 'two');
});

each('a port that another program of the host has', async (cli, engine) => {
  const other = Bun.spawn([...engine.network.prefix, 'busybox', 'nc', '-l', '-p', '8083'], { stdin: 'pipe' });
  const listening = async () =>
    (await command([...engine.network.prefix, 'ss', '-Hltn', 'sport = :8083'])).stdout !== '';
  await eventually(listening, 'it listens');
  const result = await engine.run(cli, [
    'run',
    '-d',
    '--name',
    'late',
    '-p',
    '8083:80',
    'busybox',
    'sleep',
    '60',
  ]);
  other.kill();
  expect(result.code).toBe(125);
  expect(result.stderr).toContain('address already in use');
  await engine.ok(cli, 'rm', '-f', 'late');
});

each('udp', async (cli, engine) => {
  await engine.ok(
    cli,
    'run',
    '-d',
    '--name',
    'udp',
    '-p',
    '5353:53/udp',
    'busybox',
    'sh',
    '-c',
    'nc -u -l -p 53 2>/dev/null || sleep 60',
  );
  expect(await engine.ok(cli, 'port', 'udp')).toContain('53/udp -> 0.0.0.0:5353');
  await engine.ok(cli, 'rm', '-f', 'udp');
});

each('containers on the bridge reach each other and the world', async (cli, engine) => {
  await engine.ok(cli, 'run', '-d', '--name', 'peer', 'busybox', 'sh', '-c', server);
  const address = await engine.ok(
    cli,
    'inspect',
    '-f',
    '{{.NetworkSettings.Networks.bridge.IPAddress}}',
    'peer',
  );
  expect(await engine.ok(cli, 'run', '--rm', 'busybox', 'wget', '-qO-', `http://${address}/`)).toBe('hi');
  expect(await engine.ok(cli, 'run', '--rm', 'busybox', 'nslookup', 'deb.debian.org')).toContain('Address');
  expect(await engine.ok(cli, 'run', '--rm', 'busybox', 'cat', '/etc/hosts')).toContain('localhost');
  await engine.ok(cli, 'rm', '-f', 'peer');
});

each('a container that reaches itself through its published port', async (cli, engine) => {
  await engine.ok(cli, 'run', '-d', '--name', 'self', '-p', '8084:80', 'busybox', 'sh', '-c', server);
  const url = `http://${engine.network.addresses.inside}:8084/`;
  await eventually(
    async () => (await engine.ok(cli, 'exec', 'self', 'wget', '-qO-', url)) === 'hi',
    'hairpin',
  );
  await engine.ok(cli, 'rm', '-f', 'self');
});

each('hosts file, resolv.conf', async (cli, engine) => {
  const flags = [
    '--add-host',
    'db:10.1.2.3',
    '--dns',
    '10.9.8.7',
    '--dns-search',
    'example.test',
    '--dns-option',
    'ndots:3',
  ];
  const output = await engine.ok(
    cli,
    'run',
    '--rm',
    ...flags,
    'busybox',
    'cat',
    '/etc/hosts',
    '/etc/resolv.conf',
  );
  expect(output).toMatch(/10\.1\.2\.3\s+db/);
  expect(output).toContain('nameserver 10.9.8.7');
  expect(output).toContain('search example.test');
  expect(output).toMatch(/options ndots:3/);
});

each('the network of the host', async (cli, engine) => {
  const inside = await engine.ok(
    cli,
    'run',
    '--rm',
    '--network',
    'host',
    'busybox',
    'readlink',
    '/proc/self/ns/net',
  );
  const host = await engine.network.prefix;
  const outside = (
    await new Response(Bun.spawn([...host, 'readlink', '/proc/self/ns/net']).stdout).text()
  ).trim();
  expect(inside).toBe(outside);
});

each('network ls and inspect', async (cli, engine) => {
  const names = (await engine.ok(cli, 'network', 'ls', '--format', '{{.Name}} {{.Driver}} {{.Scope}}'))
    .split('\n')
    .sort();
  expect(names).toEqual(['bridge bridge local', 'host host local', 'none null local']);
  expect(
    await engine.ok(cli, 'network', 'inspect', '-f', '{{(index .IPAM.Config 0).Subnet}}', 'bridge'),
  ).toMatch(/^172\./);
});

once('a container with no IPv6 network has no IPv6 address', async (engine) => {
  const output = await engine.ok('docker', 'run', '--rm', 'busybox', 'cat', '/proc/net/if_inet6');
  expect(output.split('\n').filter((line) => !/ lo$/.test(line) && line !== '')).toEqual([]);
});
