/** Names as containers on user-defined networks see them; the world is a dnsmasq. */
import { afterAll, expect } from 'bun:test';
import { command, eventually } from '../rig/command.ts';
import { Dnsmasq } from '../rig/dnsmasq.ts';
import { isGantry, type TestEngine } from '../rig/engine.ts';
import { debian } from '../rig/images.ts';
import { suite } from '../rig/suite.ts';

const { once } = suite();

let dnsmasq: Dnsmasq | undefined;
afterAll(() => dnsmasq?.[Symbol.asyncDispose]());

const long = Array.from({ length: 12 }, () => 'x'.repeat(250));
async function world(engine: TestEngine): Promise<Dnsmasq> {
  dnsmasq ??= await Dnsmasq.start(engine.network, [
    '--address=/world.test/192.0.2.7',
    '--address=/world.test/2001:db8::7',
    ...long.map((text) => `--txt-record=long.test,${text}`),
    '--edns-packet-max=4096',
  ]);
  return dnsmasq;
}

async function container(engine: TestEngine, name: string, ...args: string[]): Promise<string> {
  return engine.ok('docker', 'run', '-d', '--name', name, ...args, 'busybox', 'sleep', '600');
}

/** What dig says inside a container: the status, then the data of the answers. */
async function dig(engine: TestEngine, name: string, ...question: string[]): Promise<string> {
  return digIn(await pidOf(engine, name), ...question);
}

const pidOf = (engine: TestEngine, name: string) =>
  engine.ok('docker', 'inspect', '-f', '{{.State.Pid}}', name);

/** The same where there is no daemon to say who the container is. */
async function digIn(pid: string, ...question: string[]): Promise<string> {
  const server = question.some((word) => word.startsWith('@')) ? [] : ['@127.0.0.11'];
  const flags = ['+tries=1', '+time=6', '+noall', '+comments', '+answer'];
  const { stdout } = await command(['nsenter', '-t', pid, '-n', 'dig', ...server, ...flags, ...question]);
  const status = /status: (\w+)/.exec(stdout)?.[1] ?? 'timeout';
  const truncated = /flags:[^;]* tc/.test(stdout) ? ['tc'] : [];
  const data = [...stdout.matchAll(/\sIN\s+\w+\s+(.+)$/gm)].map(([, value]) => value);
  return [status, ...truncated, ...data].join(' ');
}

const address = (engine: TestEngine, name: string, network: string, field = 'IPAddress') =>
  engine.ok('docker', 'inspect', '-f', `{{.NetworkSettings.Networks.${network}.${field}}}`, name);

async function clean(engine: TestEngine, ...networks: string[]): Promise<void> {
  const ids = (await engine.ok('docker', 'ps', '-aq')).split('\n').filter(Boolean);
  if (ids.length > 0) await engine.ok('docker', 'rm', '-f', ...ids);
  for (const network of networks) await engine.ok('docker', 'network', 'rm', network);
}

once('every name that a container has, on its own networks only', async (engine) => {
  await engine.ok('docker', 'network', 'create', 'front');
  await engine.ok('docker', 'network', 'create', 'back');
  const id = await container(
    engine,
    'web',
    '--network',
    'front',
    '--network-alias',
    'www',
    '--hostname',
    'box7',
  );
  await container(engine, 'client', '--network', 'front');
  await container(engine, 'other', '--network', 'back');
  const ip = await address(engine, 'web', 'front');
  for (const name of ['web', 'WEB.', 'www', id.slice(0, 12), 'web.front', 'www.front'])
    expect(`${name} ${await dig(engine, 'client', name)}`).toBe(`${name} NOERROR ${ip}`);
  expect(await dig(engine, 'client', 'AAAA', 'web')).toBe('NOERROR');
  expect(await dig(engine, 'client', '-x', ip)).toMatch(/^NOERROR .*web\.front\.$/);
  expect(await dig(engine, 'other', 'web')).not.toContain(ip);
  await engine.ok('docker', 'network', 'connect', '--alias', 'inner', 'back', 'web');
  const second = await address(engine, 'web', 'back');
  for (const name of ['web', 'inner', 'web.back'])
    expect(await dig(engine, 'other', name)).toBe(`NOERROR ${second}`);
  expect(await dig(engine, 'client', 'inner')).not.toContain('NOERROR 1');
  await engine.ok('docker', 'network', 'disconnect', 'back', 'web');
  expect(await dig(engine, 'other', 'web')).not.toContain(second);
  await engine.ok('docker', 'rename', 'web', 'site');
  expect(await dig(engine, 'client', 'site')).toBe(`NOERROR ${ip}`);
  await engine.ok('docker', 'stop', '-t', '0', 'site');
  expect(await dig(engine, 'client', 'site')).not.toContain(ip);
  await clean(engine, 'front', 'back');
});

once('an alias of several: all of them, each first at times', async (engine) => {
  await engine.ok('docker', 'network', 'create', 'pool');
  for (const name of ['one', 'two', 'three'])
    await container(engine, name, '--network', 'pool', '--network-alias', 'all');
  const firsts = new Set<string>();
  await eventually(async () => {
    const [, ...addresses] = (await dig(engine, 'one', 'all')).split(' ');
    expect(addresses).toHaveLength(3);
    firsts.add(addresses[0] ?? '');
    return firsts.size === 3;
  }, 'each was first');
  await clean(engine, 'pool');
});

once('IPv6, and links on a network with names', async (engine) => {
  await engine.ok('docker', 'network', 'create', '--ipv6', '--subnet', 'fd00:77::/64', 'dual');
  await container(engine, 'web', '--network', 'dual');
  await container(engine, 'client', '--network', 'dual', '--link', 'web:backend');
  const ip6 = await address(engine, 'web', 'dual', 'GlobalIPv6Address');
  expect(await dig(engine, 'client', 'AAAA', 'web')).toBe(`NOERROR ${ip6}`);
  expect(await dig(engine, 'client', 'AAAA', 'backend')).toBe(`NOERROR ${ip6}`);
  expect(await dig(engine, 'web', 'AAAA', 'backend')).not.toContain(ip6);
  expect(await dig(engine, 'client', '-x', ip6)).toContain('web.dual.');
  await clean(engine, 'dual');
});

once('the world, by UDP and TCP, with long answers and servers that are dead', async (engine) => {
  const { address: server } = await world(engine);
  await engine.ok('docker', 'network', 'create', 'out');
  await container(engine, 'client', '--network', 'out', '--dns', server);
  expect(await dig(engine, 'client', 'www.world.test')).toBe('NOERROR 192.0.2.7');
  expect(await dig(engine, 'client', 'AAAA', 'www.world.test')).toBe('NOERROR 2001:db8::7');
  expect(await dig(engine, 'client', '+tcp', 'www.world.test')).toBe('NOERROR 192.0.2.7');
  const whole = await dig(engine, 'client', '+tcp', 'TXT', 'long.test');
  expect(whole.split('"').length).toBe(2 * long.length + 1);
  expect(await dig(engine, 'client', '+ignore', '+noedns', 'TXT', 'long.test')).toContain('NOERROR tc');
  expect((await dig(engine, 'client', '+bufsize=4096', 'TXT', 'long.test')).split('"').length).toBe(
    2 * long.length + 1,
  );
  await container(engine, 'patient', '--network', 'out', '--dns', '192.0.2.99', '--dns', server);
  expect(await dig(engine, 'patient', 'a.world.test')).toBe('NOERROR 192.0.2.7');
  await clean(engine, 'out');
});

once(
  'an internal network asks nobody',
  async (engine) => {
    const dns = await world(engine);
    await engine.ok('docker', 'network', 'create', '--internal', 'closed');
    await container(engine, 'client', '--network', 'closed', '--dns', dns.address);
    await container(engine, 'web', '--network', 'closed');
    expect(await dig(engine, 'client', 'web')).toContain('NOERROR 1');
    expect(await dig(engine, 'client', 'secret.world.test')).not.toContain('192.0.2.7');
    expect(dns.wasAsked('secret.world.test')).toBe(false);
    await clean(engine, 'closed');
  },
  'Docker before 26 asks the world from the host (CVE-2024-29018)',
);

once("glibc's resolver, by the container's own resolv.conf", async (engine) => {
  await debian(engine);
  await engine.ok('docker', 'network', 'create', 'plain');
  await container(engine, 'db', '--network', 'plain');
  const ip = await address(engine, 'db', 'plain');
  const resolved = await engine.ok(
    'docker',
    'run',
    '--rm',
    '--network',
    'plain',
    'debian:bookworm',
    'getent',
    'ahostsv4',
    'db',
  );
  expect(resolved).toContain(`${ip} `);
  const conf = await engine.ok('docker', 'exec', 'db', 'cat', '/etc/resolv.conf');
  expect(conf).toContain('nameserver 127.0.0.11');
  expect(conf).toContain('ndots:0');
  await clean(engine, 'plain');
});

once('a container that gets its first such network while it runs', async (engine) => {
  await engine.ok('docker', 'network', 'create', 'later');
  await container(engine, 'web', '--network', 'later');
  await container(engine, 'client');
  await engine.ok('docker', 'network', 'connect', 'later', 'client');
  expect(await dig(engine, 'client', 'web')).toBe(`NOERROR ${await address(engine, 'web', 'later')}`);
  expect(await engine.ok('docker', 'exec', 'client', 'cat', '/etc/resolv.conf')).toContain(
    'nameserver 127.0.0.11',
  );
  await clean(engine, 'later');
});

once('port 53 is free for a name server in the container', async (engine) => {
  await engine.ok('docker', 'network', 'create', 'own');
  await container(engine, 'web', '--network', 'own');
  await container(engine, 'server', '--network', 'own');
  const [ip, server] = [await address(engine, 'web', 'own'), await address(engine, 'server', 'own')];
  const pid = await pidOf(engine, 'server');
  const argv = ['--no-resolv', '--no-hosts', '--no-daemon', '--conf-file=/dev/null', '--user=root'];
  const child = Bun.spawn(['nsenter', '-t', pid, '-n', 'dnsmasq', ...argv, '--address=/in.test/192.0.2.53'], {
    stdio: ['ignore', 'ignore', 'ignore'],
  });
  try {
    await eventually(
      async () => (await dig(engine, 'web', `@${server}`, 'in.test')).endsWith('NOERROR 192.0.2.53'),
      'it answers by UDP',
    );
    expect(await dig(engine, 'web', `@${server}`, '+tcp', 'in.test')).toBe('NOERROR 192.0.2.53');
    expect(await dig(engine, 'server', 'web')).toBe(`NOERROR ${ip}`);
    expect(await dig(engine, 'server', '+tcp', 'web')).toBe(`NOERROR ${ip}`);
  } finally {
    child.kill();
    await child.exited;
  }
  await clean(engine, 'own');
});

once('with ndots, a name without a dot is left to the search list', async (engine) => {
  const dns = await world(engine);
  await engine.ok('docker', 'network', 'create', 'dots');
  const flags = ['--dns', dns.address, '--dns-search', 'world.test', '--network', 'dots'];
  await container(engine, 'eager', ...flags, '--dns-option', 'ndots:2');
  await container(engine, 'plain', ...flags);
  await dig(engine, 'eager', 'unheard');
  expect(dns.wasAsked('unheard')).toBe(false);
  await dig(engine, 'plain', 'unheard');
  expect(dns.wasAsked('unheard')).toBe(true);
  expect(await engine.ok('docker', 'exec', 'eager', 'nslookup', 'www.world.test')).toContain('192.0.2.7');
  await clean(engine, 'dots');
});

if (isGantry)
  once('what changed before the daemon died is not answered from memory', async (engine) => {
    await engine.ok('docker', 'network', 'create', 'net');
    await container(engine, 'web', '--network', 'net');
    await container(engine, 'stays', '--network', 'net');
    await container(engine, 'client', '--network', 'net');
    const [web, stays] = [await address(engine, 'web', 'net'), await address(engine, 'stays', 'net')];
    expect(await dig(engine, 'client', 'web')).toBe(`NOERROR ${web}`);
    await engine.ok('docker', 'rm', '-f', 'web');
    expect(await dig(engine, 'client', 'stays')).toBe(`NOERROR ${stays}`);
    const pid = await pidOf(engine, 'client');
    await engine.stopDaemon('SIGKILL');
    expect(await digIn(pid, 'stays')).toBe(`NOERROR ${stays}`);
    expect(await digIn(pid, 'web')).toBe('SERVFAIL');
    await engine.startDaemon();
    await clean(engine, 'net');
  });

if (isGantry)
  once('while the daemon is dead, and when it is back', async (engine) => {
    await engine.ok('docker', 'network', 'create', 'net');
    await container(engine, 'web', '--network', 'net');
    await container(engine, 'client', '--network', 'net');
    const ip = await address(engine, 'web', 'net');
    const pid = await pidOf(engine, 'client');
    const ask = (name: string) => digIn(pid, name);
    expect(await ask('web')).toBe(`NOERROR ${ip}`);
    await engine.stopDaemon('SIGKILL');
    expect(await ask('web')).toBe(`NOERROR ${ip}`);
    const waiting = ask('web.net');
    await engine.startDaemon();
    expect(await waiting).toBe(`NOERROR ${ip}`);
    expect(await ask('web')).toBe(`NOERROR ${ip}`);
    await clean(engine, 'net');
  });
